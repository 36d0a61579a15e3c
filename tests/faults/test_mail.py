"""Mail when its parts fail: every event is followed by its mail once, and no other is delayed."""

import time
from functools import partial
from itertools import batched
from threading import Event
from typing import Any

import pytest

from lamina import ids
from tests.faults.cloud import Cloud, event, wait_until
from tests.faults.figures import Report, figures
from tests.faults.proxy import Call, LeaseLost, Refusal, proxy_to

pytestmark = pytest.mark.xdist_group("faults")

QUEUE, DEAD_LETTERS, CONSUMER = "Async/Mail/Queue", "Async/Mail/DeadLetters", "Async/SendMailFunction"
VERIFY, CHANGED, RESET = "Verify your e-mail address", "Your password was changed", "Reset your password"

REFUSING_SECONDS = 60
REFUSAL = Refusal(503, b'{"message": "Service Unavailable"}')
POISON = "poison"
RECORDS = "IDEMPOTENCY#consumer mail"


def seen(cloud: Cloud, since: str, *subjects: str) -> list[tuple[str, str]]:
    """Address and subject of each mail of these subjects that was sent since an instant."""
    found = [mail for mail in cloud.mails() if mail["sent_at"] > since and mail["subject"] in subjects]
    return [(mail["to"][0], mail["subject"]) for mail in found]


def is_past(instant: float) -> bool:
    """Whether it is later than this, by the monotonic clock."""
    return time.monotonic() >= instant


def noted_as_done(cloud: Cloud) -> int:
    """How many events the consumer has done, by its own records."""
    pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName=cloud.resources["Data/Table"])
    records = [item for page in pages for item in page["Items"] if item["pk"]["S"].startswith(RECORDS)]
    return sum(record["status"]["S"] == "COMPLETED" for record in records)


def test_the_same_event_twice_and_events_in_the_wrong_order(
    cloud: Cloud, crowd: list[dict[str, Any]], report: Report
) -> None:
    begun = ids.now()
    told = [event("password_reset.requested", user["id"]) for user in crowd[:20]]
    told += [event("user.created", user["id"]) for user in crowd[:20]]
    expected = [(user["email"], subject) for user in crowd[:20] for subject in (RESET, VERIFY)]
    # A twin waits until whoever works on the other must have ended: with the timeout of the template, a minute.
    with cloud.configured(CONSUMER, timeout=5):
        cloud.send(QUEUE, [*reversed(told), *told])
        wait_until(lambda: cloud.is_empty(QUEUE), "the queue is empty", 60)
    counted = figures(expected, seen(cloud, begun, RESET, VERIFY))
    report(counted)
    assert (counted.duplicates, counted.lost) == (0, 0)


def test_ses_refuses_for_a_minute_and_is_back(cloud: Cloud, crowd: list[dict[str, Any]], report: Report) -> None:
    begun = ids.now()
    expected = [(user["email"], CHANGED) for user in crowd]
    groups = list(batched(crowd, len(crowd) // 20, strict=False))
    with proxy_to(cloud.endpoint) as (ses, url), cloud.configured(CONSUMER, AWS_ENDPOINT_URL_SESV2=url):
        ses.before = lambda _: REFUSAL
        started = time.monotonic()
        # Over the whole minute, so that some find the circuit closed, some open and some half-open.
        for place, users in enumerate(groups, start=1):
            cloud.send(QUEUE, [event("password.changed", user["id"]) for user in users])
            wait_until(partial(is_past, started + REFUSING_SECONDS * place / len(groups)), "more are due", 60)
        ses.before = lambda _: None
        calls = ses.calls
        took = wait_until(lambda: len(seen(cloud, begun, CHANGED)) >= len(crowd), "the mails have arrived", 60)
        wait_until(lambda: cloud.is_empty(QUEUE), "the queue is empty", 30)
    counted = figures(expected, seen(cloud, begun, CHANGED))
    report(counted, calls_while_SES_refused=calls, seconds_until_all_had_arrived=took)
    assert (counted.duplicates, counted.lost) == (0, 0)
    # Each of the first four may have been a process of its own, which tells the others within a second.
    assert calls < len(crowd) / 2
    assert set(cloud.bodies(DEAD_LETTERS)) <= {POISON}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_consumer_is_killed_in_mid_batch(
    cloud: Cloud, crowd: list[dict[str, Any]], report: Report, moment: str
) -> None:
    begun, users = ids.now(), crowd[:10]
    expected = [(user["email"], CHANGED) for user in users]
    killed, done, held = Event(), noted_as_done(cloud), [0]

    def hold(_: Call) -> None:
        if ses.calls > len(users) // 2 and not killed.is_set():
            held[0] += 1
            killed.wait(30)
            raise LeaseLost

    with (
        proxy_to(cloud.endpoint) as (ses, url),
        # With the timeout of the template, what was killed comes again after six minutes.
        cloud.configured(CONSUMER, timeout=6, AWS_ENDPOINT_URL_SESV2=url),
        cloud.hurried(QUEUE, visible_after=8),
    ):
        setattr(ses, moment, hold)
        cloud.send(QUEUE, [event("password.changed", user["id"]) for user in users])
        wait_until(lambda: held[0] > 0, "a mail is on its way", 30)
        wait_until(lambda: noted_as_done(cloud) == done + len(users) // 2, "half of the batch is done", 10)
        processes = cloud.kill(CONSUMER)
        killed.set()
        took = wait_until(lambda: len(seen(cloud, begun, CHANGED)) >= len(users), "the mails have arrived", 60)
        wait_until(lambda: cloud.is_empty(QUEUE), "the queue is empty", 60)
    counted = figures(expected, seen(cloud, begun, CHANGED))
    report(counted, processes_killed=processes, seconds_until_all_had_arrived=took)
    assert processes
    # Nobody can know that SES has taken a mail whose sender died before it was told: that one is sent again.
    assert (counted.duplicates, counted.lost) == (held[0] if moment == "after" else 0, 0)


def test_a_poison_message_among_a_hundred_good_ones(cloud: Cloud, crowd: list[dict[str, Any]], report: Report) -> None:
    begun = ids.now()
    good = [event("password.changed", user["id"]) for user in crowd]
    expected = [(user["email"], CHANGED) for user in crowd]
    # Of the template's eight tries, the last four take most of two minutes.
    with cloud.hurried(QUEUE, tries=4):
        cloud.send(QUEUE, [*good[:50], POISON, *good[50:]])
        took = wait_until(lambda: len(seen(cloud, begun, CHANGED)) >= len(crowd), "the good ones have arrived", 60)
        wait_until(lambda: POISON in cloud.bodies(DEAD_LETTERS), "the poison is put aside", 60)
    counted = figures(expected, seen(cloud, begun, CHANGED))
    report(counted, seconds_until_the_good_ones_had_arrived=took, dead_letters=len(cloud.bodies(DEAD_LETTERS)))
    assert (counted.duplicates, counted.lost) == (0, 0)
