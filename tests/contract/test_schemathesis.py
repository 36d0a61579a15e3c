"""The running API keeps to its OpenAPI document: schemathesis, on its examples and at the limits of some schemas.

The limits of all schemas, random cases and sequences of calls take much longer: `tests/faults/test_contract.py`.
"""

from collections.abc import Iterator

import pytest

from tests.contract.running import NEITHER, OAUTH, SECONDS, run, seeded_stack
from tests.support.stack import RunningStack

pytestmark = [pytest.mark.xdist_group("contract"), pytest.mark.timeout(2 * SECONDS)]


@pytest.fixture(scope="module")
def seeded() -> Iterator[RunningStack]:
    with seeded_stack() as running:
        yield running


@pytest.mark.parametrize("role", ["admin", "viewer"])
def test_every_answer_to_an_example_is_as_documented(seeded: RunningStack, role: str) -> None:
    run(seeded, role, "--phases=examples", *NEITHER)


def test_every_answer_at_the_limits_of_the_schemas_is_as_documented(seeded: RunningStack) -> None:
    run(seeded, "admin", "--phases=coverage", "--include-operation-id-regex", r"^(orders|users)\.")


def test_every_answer_to_a_program_is_as_documented(seeded: RunningStack) -> None:
    # A client may prove itself in the form instead of the header, and after many wrong secrets its address has to wait.
    chosen = (f"--include-operation-id={operation}" for operation in OAUTH)
    run(seeded, "viewer", "--exclude-checks=missing_required_header", *chosen)
