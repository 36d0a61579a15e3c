"""From the outbox to the bus while everything between them fails: nothing is lost, each subject's order is kept."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from lamina import ids
from lamina.activities.items import MONTH, partition
from lamina.storage.keys import identifier_of
from local.settings import REGION, STACK_NAME
from tests.faults.burst import Committed, burst
from tests.faults.cloud import Cloud, event, wait_until
from tests.faults.figures import Figures, Report, figures
from tests.faults.proxy import Call, LeaseLost, Refusal, proxy_to
from tests.faults.witness import Witness, witness_of
from tests.support.stack import ROOT, RunningStack

pytestmark = pytest.mark.xdist_group("faults")

PUBLISHER, MAPPING = "Async/PublishChangesFunction", "Async/PublishChangesFunctionStream"
GIVEN_UP = "Async/StreamDeadLetters"
THROTTLED = Refusal(400, b'{"__type": "ThrottlingException", "message": "Rate exceeded"}')
TABLE_THROTTLED = Refusal(
    400, b'{"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", "message": "Too fast"}'
)
SECONDS = 240
SECONDS_OF_THE_BURST = 600


@pytest.fixture
def witness(cloud: Cloud) -> Iterator[Witness]:
    with witness_of(cloud) as seeing:
        yield seeing


@pytest.fixture
def prefix() -> str:
    """What the names of a test's users begin with."""
    return f"b{uuid4().hex[:8]}"


def compare(committed: Committed, witness: Witness) -> Figures:
    """What was committed, and what came over the bus of it; in order, or the test fails."""
    came = witness.first_comings(committed.events)
    assert {subject: ids for subject, ids in came.items() if ids != committed.events[subject]} == {}
    return figures(committed.ids, witness.of(committed.events))


def mails_to(cloud: Cloud, prefix: str) -> Counter[str]:
    """How many mails each user of a test was sent."""
    return Counter(mail["to"][0] for mail in cloud.mails() if mail["to"][0].startswith(prefix))


def everyone_has_a_mail(cloud: Cloud, prefix: str, users: int) -> None:
    """Each user has had the mail that follows its making, exactly once."""
    wait_until(lambda: len(mails_to(cloud, prefix)) == users, "everybody has a mail", SECONDS)
    assert set(mails_to(cloud, prefix).values()) == {1}


def refusing_bus(cloud: Cloud) -> Callable[[Call], Refusal | None]:
    """A bus that throttles at first, and then refuses the first entry of every third request."""
    bus = cloud.client("events")
    calls = 0

    def answer(call: Call) -> Refusal | None:
        nonlocal calls
        calls += 1
        if calls <= 12:
            return THROTTLED
        if calls % 3:
            return None
        _, *others = json.loads(call.body)["Entries"]
        taken: list[Any] = bus.put_events(Entries=others)["Entries"] if others else []
        entries = [{"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}, *taken]
        return Refusal(200, json.dumps({"FailedEntryCount": 1, "Entries": entries}).encode())

    return answer


def dying_publisher(cloud: Cloud) -> tuple[Callable[[Call], None], list[int]]:
    """A publisher that is killed now and then, when the bus has taken its events and it does not know yet."""
    deaths: list[int] = []
    calls = 0

    def kill(_: Call) -> None:
        nonlocal calls
        calls += 1
        if calls % 40 == 20 and len(deaths) < 5:
            deaths.append(cloud.kill(PUBLISHER))
            raise LeaseLost

    return kill, deaths


def test_a_bus_and_a_table_that_throttle_and_a_publisher_that_is_killed_in_mid_batch(
    stack: RunningStack, cloud: Cloud, witness: Witness, prefix: str, report: Report
) -> None:
    with proxy_to(cloud.endpoint) as (bus, bus_url), proxy_to(cloud.endpoint) as (table, table_url):
        bus.before = refusing_bus(cloud)
        bus.after, deaths = dying_publisher(cloud)
        table.before = lambda _: TABLE_THROTTLED if table.calls % 10 == 0 else None
        with cloud.configured(PUBLISHER, AWS_ENDPOINT_URL_EVENTBRIDGE=bus_url):
            throttled = {"AWS_ENDPOINT_URL_DYNAMODB": table_url}
            with burst(stack, prefix, users=40, changes=25, **throttled) as under_way:
                while not under_way.is_over():
                    witness.look()
                committed = under_way.committed()
            lag = witness.wait_for(committed.ids, SECONDS)
    counted = compare(committed, witness)
    report(
        counted,
        publishers_killed=sum(deaths),
        requests_to_the_bus=bus.calls,
        seconds_to_commit=round(committed.seconds, 1),
        seconds_until_the_last_arrived=round(lag, 1),
    )
    assert counted.sent == 1_000
    assert counted.lost == 0
    assert len(deaths) >= 3
    everyone_has_a_mail(cloud, prefix, 40)
    assert cloud.is_empty(GIVEN_UP)


def activities_of(cloud: Cloud, user_id: str) -> list[str]:
    """Ids of the events that have become activities of a user."""
    pages = cloud.client("dynamodb").get_paginator("query")
    months = {ids.now()[:MONTH], ids.ago(SECONDS_OF_THE_BURST)[:MONTH]}
    return [
        identifier_of(item["sk"]["S"])
        for month in months
        for page in pages.paginate(
            TableName=cloud.resources["Data/Table"],
            KeyConditionExpression="pk = :partition",
            ExpressionAttributeValues={":partition": {"S": partition(user_id, month)}},
            ProjectionExpression="sk",
        )
        for item in page["Items"]
    ]


def test_ten_thousand_changes_in_a_burst(
    stack: RunningStack, cloud: Cloud, witness: Witness, prefix: str, report: Report
) -> None:
    with burst(stack, prefix, users=400, changes=25) as under_way:
        while not under_way.is_over():
            witness.look()
        committed = under_way.committed()
    lag = witness.wait_for(committed.ids, SECONDS_OF_THE_BURST)
    counted = compare(committed, witness)
    begun = time.monotonic()
    consumer = "Async/Activities/Queue"
    wait_until(lambda: cloud.is_empty(consumer), "the consumer of activities has caught up", SECONDS_OF_THE_BURST)
    effects = figures(committed.ids, [event for user in committed.events for event in activities_of(cloud, user)])
    report(
        effects,
        published=counted.seen,
        published_twice=counted.duplicates,
        seconds_to_commit=round(committed.seconds, 1),
        seconds_until_the_last_arrived=round(lag, 1),
        seconds_until_the_last_effect=round(lag + time.monotonic() - begun, 1),
    )
    assert (counted.sent, counted.lost) == (10_000, 0)
    assert (effects.lost, effects.duplicates) == (0, 0)
    everyone_has_a_mail(cloud, prefix, 400)
    assert cloud.is_empty(GIVEN_UP)


def operate(cloud: Cloud, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run an operator's command on the stack."""
    return subprocess.run(
        [sys.executable, "-m", f"operations.{command}", *arguments, "--stack", STACK_NAME],
        cwd=ROOT,
        env={
            **os.environ,
            **cloud.account.variables,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": cloud.endpoint,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def said(run: subprocess.CompletedProcess[str]) -> str:
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_what_the_publisher_gives_up_is_published_by_a_replay(
    stack: RunningStack, cloud: Cloud, witness: Witness, prefix: str, report: Report
) -> None:
    begun = datetime.now(UTC).isoformat()
    mappings = cloud.client("lambda")
    mapping = cloud.resources[MAPPING]
    patience = mappings.get_event_source_mapping(UUID=mapping)["MaximumRetryAttempts"]
    mappings.update_event_source_mapping(UUID=mapping, MaximumRetryAttempts=1)
    with proxy_to(cloud.endpoint) as (bus, url), cloud.configured(PUBLISHER, AWS_ENDPOINT_URL_EVENTBRIDGE=url):
        bus.before = lambda _: THROTTLED
        with burst(stack, prefix, users=5, changes=10) as under_way:
            committed = under_way.committed()
        wait_until(lambda: not cloud.is_empty(GIVEN_UP), "the publisher gives up", 60)
        tried = -1
        while tried != bus.calls:
            tried = bus.calls
            witness.look()
            witness.look()
            witness.look()
    mappings.update_event_source_mapping(UUID=mapping, MaximumRetryAttempts=patience)
    assert witness.of(committed.events) == []

    assert said(operate(cloud, "replay", "--dry-run")).startswith("would publish ")
    assert witness.of(committed.events) == []
    first = said(operate(cloud, "replay"))
    lag = witness.wait_for(committed.ids, 60)
    counted = compare(committed, witness)
    report(counted, seconds_until_the_last_arrived=round(lag, 1))
    assert first.startswith("published ")
    assert (counted.duplicates, counted.lost) == (0, 0)
    assert cloud.is_empty(GIVEN_UP)
    assert said(operate(cloud, "replay")) == "no batch of the publisher has failed\n"
    everyone_has_a_mail(cloud, prefix, 5)

    subject, ids = next(iter(committed.events.items()))
    again = said(operate(cloud, "replay", "--subject", subject))
    assert again == "published 10 events: 9 user.updated, 1 user.created\n"
    window = ("--since", begun, "--type", "user.created")
    assert "user.created" in said(operate(cloud, "replay", *window))
    wait_until(lambda: bool(witness.look()) and len(witness.of([subject])) == 2 * len(ids) + 1, "it comes again", 60)
    assert witness.of([subject]) == [*ids, *ids, ids[0]]
    wait_until(lambda: cloud.is_empty("Async/Mail/Queue"), "the consumer has seen it", 60)
    assert set(mails_to(cloud, prefix).values()) == {1}


def test_a_redrive_brings_dead_letters_back_to_their_queue(
    cloud: Cloud, crowd: list[dict[str, Any]], report: Report
) -> None:
    before = len(cloud.mails())
    told = [event("password.changed", user["id"]) for user in crowd[:25]]
    waiting = len(cloud.bodies("Async/Mail/DeadLetters"))
    cloud.send("Async/Mail/DeadLetters", told)
    wrong = operate(cloud, "redrive", "male")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith("stopped: male is none of the queues, which are ")
    assert "mail" in wrong.stderr
    *_, end = said(operate(cloud, "redrive", "mail")).splitlines()
    assert end.startswith(f"mail: {waiting + 25} of {waiting + 25} moved")
    wait_until(lambda: len(cloud.mails()) >= before + 25, "the mails are sent", 60)
    sent = Counter(mail["to"][0] for mail in cloud.mails()[: len(cloud.mails()) - before])
    counted = figures([user["email"] for user in crowd[:25]], sent.elements())
    report(counted)
    assert (counted.duplicates, counted.lost) == (0, 0)
