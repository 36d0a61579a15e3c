"""Whatever the running API is sent, at random and in sequences, it keeps to its OpenAPI document."""

import pytest

from tests.contract.running import NEITHER, SECONDS, run, seeded_stack

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(2 * SECONDS)]


def test_every_answer_to_random_calls_and_sequences_of_calls_is_as_documented() -> None:
    with seeded_stack() as running:
        run(running, "admin", "--phases=coverage,fuzzing,stateful", *NEITHER)
