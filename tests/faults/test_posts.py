"""Posts are found after a burst, although the function that indexes them is killed again and again."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.e2e.client import Client
from tests.faults.cloud import Cloud, wait_until
from tests.faults.figures import Report, figures
from tests.faults.proxy import Call, LeaseLost, proxy_to
from tests.faults.witness import Witness, witness_of
from tests.support.stack import ROOT, RunningStack

pytestmark = pytest.mark.xdist_group("faults")

QUEUE, CONSUMER = "Async/PostSearch/Queue", "Async/IndexPostsFunction"
DEAD_LETTERS = "Async/PostSearch/DeadLetters"
POSTS = 1_000
KILLS = 8
SECONDS = 600
SECONDS_OF_AN_INVOCATION = 20


@pytest.fixture
def witness(cloud: Cloud) -> Iterator[Witness]:
    with witness_of(cloud) as seeing:
        yield seeing


def pages_of(client: Client, query: str) -> Iterator[str]:
    """Yield the ids of all hits of a search."""
    target: str | None = f"/v1/posts?search={query}&limit=100"
    while target:
        answer = client.get(target)
        assert answer.status == 200, answer.body
        yield from (post["id"] for post in answer.data)
        target = answer.json["links"].get("next")


def test_a_burst_of_a_thousand_posts_while_the_indexer_is_killed(
    stack: RunningStack, cloud: Cloud, witness: Witness, report: Report
) -> None:
    prefix = f"b{uuid4().hex[:8]}"
    deaths: list[int] = []
    transactions = 0

    def kill(call: Call) -> None:
        """Kill the function when the table has taken a transaction and it does not know yet."""
        nonlocal transactions
        transactions += b"TransactItems" in call.body
        if transactions % 100 == 50 and len(deaths) < KILLS:
            transactions += 1
            deaths.append(cloud.kill(CONSUMER))
            raise LeaseLost

    with (
        proxy_to(cloud.endpoint) as (table, url),
        cloud.configured(CONSUMER, timeout=SECONDS_OF_AN_INVOCATION, AWS_ENDPOINT_URL_DYNAMODB=url),
        cloud.hurried(QUEUE, visible_after=2 * SECONDS_OF_AN_INVOCATION, tries=50),
    ):
        table.after = kill
        command = [sys.executable, "-m", "tests.faults.post_burst", str(stack.port), prefix, str(POSTS)]
        made = json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)
        begun = time.monotonic()
        wait_until(lambda: witness.look() == 0, "the events are published", SECONDS)
        published = time.monotonic() - begun
        wait_until(lambda: cloud.is_empty(QUEUE), "the indexer has caught up", SECONDS)
        indexed = time.monotonic() - begun
    client = Client(stack.port, set())
    posts: list[str] = made["posts"]
    with ThreadPoolExecutor(4) as threads:
        queries = [f"{prefix}x{number:04}y" for number in range(POSTS)]
        found = list(threads.map(lambda query: list(pages_of(client, query)), queries))
    assert found == [[post] for post in posts]
    counted = figures(posts, pages_of(client, prefix))
    report(
        counted,
        indexers_killed=sum(deaths),
        seconds_to_create=round(made["seconds"], 1),
        seconds_until_all_were_published=round(published, 1),
        seconds_until_all_were_indexed=round(indexed, 1),
    )
    assert (counted.sent, counted.duplicates, counted.lost) == (POSTS, 0, 0)
    assert len(deaths) == KILLS
    assert cloud.is_empty(DEAD_LETTERS)
