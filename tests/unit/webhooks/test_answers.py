"""What an endpoint asks for by its answer: to be sent nothing more, or not so soon."""

import random
import time
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from types import SimpleNamespace

import pytest

from lamina import ids
from lamina.users.model import User
from lamina.webhooks import delivering, retries, service
from lamina.webhooks.deliveries import list_deliveries
from lamina.webhooks.egress import EndpointResponse
from lamina.webhooks.model import DeliveryStatus, DisabledReason, WebhookStatus
from lamina.webhooks.retries import DAY, HOUR, MINUTE
from tests.unit.webhooks.conftest import CONTEXT, Behaviour, Time, World, happen, hook, raised, says

URL = "https://example.com/hook"


def test_an_endpoint_that_is_gone_is_disabled_at_once_and_its_owner_notified(world: World, ann: User) -> None:
    made = hook(ann)
    world.behaviours[URL] = says(410)
    happen(ann.id)
    world.deliver()
    webhook = service.get(made.id)
    assert (webhook.status, webhook.disabled_reason) == (WebhookStatus.DISABLED, DisabledReason.GONE)
    (event,) = [each for each in raised(ann) if each["type"] == "webhook.disabled"]
    assert event["data"] == {"webhook_id": made.id, "host": "example.com", "reason": "gone"}
    happen(ann.id)
    world.live(4 * DAY)
    assert len(world.sent) == 1
    (delivery,) = list_deliveries(made.id, None, 20, None).items
    assert (delivery.status, delivery.next_attempt_at) == (DeliveryStatus.FAILED, None)
    assert [each.error for each in delivery.attempts] == ["the response status was 410", "the webhook is disabled"]


def test_an_endpoint_that_was_gone_receives_events_again_when_its_owner_enables_it(world: World, ann: User) -> None:
    made = hook(ann)
    world.behaviours[URL] = says(410)
    happen(ann.id)
    world.deliver()
    enabled = service.update(made.id, {"status": "enabled"}, CONTEXT, if_version=lambda _: True)
    assert enabled.disabled_reason is None
    del world.behaviours[URL]
    happen(ann.id)
    world.deliver()
    assert len(world.sent) == 2


def test_a_webhook_that_is_moved_while_its_old_address_says_that_it_is_gone_goes_on_at_the_new_one(
    world: World, ann: User
) -> None:
    made = hook(ann)

    def move(_: str) -> EndpointResponse:
        service.update(made.id, {"url": "https://example.com/moved"}, CONTEXT, if_version=lambda _: True)
        return EndpointResponse(410, b"")

    world.behaviours[URL] = move
    happen(ann.id)
    world.live(60)
    assert service.get(made.id).status == WebhookStatus.ENABLED
    assert world.urls() == [URL, "https://example.com/moved"]


def asks(retry_after: str | None, status: int = 503) -> Behaviour:
    return lambda _: EndpointResponse(status, b"", retry_after)


def waits(world: World, ann: User, behaviour: Behaviour) -> float:
    """Tell the seconds from a first try, that is answered so, until the next is due."""
    webhook = hook(ann)
    world.behaviours[URL] = behaviour
    happen(ann.id)
    world.deliver()
    (delivery,) = list_deliveries(webhook.id, None, 20, None).items
    assert delivery.next_attempt_at is not None
    return (datetime.fromisoformat(delivery.next_attempt_at) - world.clock.instant).total_seconds()


@pytest.fixture
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda least, _: least)


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_endpoint_is_tried_again_when_it_asks_for_it(world: World, ann: User, status: int) -> None:
    assert waits(world, ann, asks("3600", status)) == HOUR
    before = len(world.sent)
    world.live(HOUR - 1)
    assert len(world.sent) == before
    world.live(2 * MINUTE)
    assert len(world.sent) == before + 1


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize("retry_after", ["0", "4", "-3600", "soon", None])
def test_who_asks_for_less_than_the_schedule_gets_the_schedule(
    world: World, ann: User, retry_after: str | None
) -> None:
    assert waits(world, ann, asks(retry_after)) == retries.SCHEDULE[0]


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize("status", [400, 500, 502])
def test_with_another_status_nothing_can_be_asked_for(world: World, ann: User, status: int) -> None:
    assert waits(world, ann, asks("3600", status)) == retries.SCHEDULE[0]


def test_what_was_asked_for_together_is_not_tried_together() -> None:
    delays = [retries.delay(1, HOUR) or 0 for _ in range(100)]
    assert len(set(delays)) > 1
    assert min(delays) >= HOUR
    assert max(delays) <= HOUR * (1 + retries.JITTER)


def test_an_event_that_an_endpoint_always_postpones_fails_after_four_days(
    world: World, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = SimpleNamespace(time=lambda: ids.epoch_of(ids.now()), perf_counter=time.perf_counter)
    monkeypatch.setattr(delivering, "time", present)
    made = hook(ann)
    late = happen(ann.id)["id"]
    world.behaviours[URL] = lambda body: asks("36000")(body) if late in body else says(204)(body)
    for _ in range(9):
        world.live(DAY / 2)
        happen(ann.id)
    tries = [at for at, (_, _, body) in zip(world.at, world.sent, strict=True) if late in body]
    assert 9 <= len(tries) <= 11
    assert min(ids.epoch_of(after) - ids.epoch_of(before) for before, after in pairwise(tries)) >= 10 * HOUR
    (given_up,) = list_deliveries(made.id, DeliveryStatus.FAILED, 20, None).items
    assert given_up.event_id == late
    assert service.get(made.id).status == WebhookStatus.ENABLED


def test_a_date_is_read_in_each_of_the_forms_that_it_may_have(clock: Time) -> None:
    clock.instant = datetime.fromisoformat("1994-11-06T08:49:37Z") - timedelta(minutes=1)
    for form in ("Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"):
        assert retries.asked_by(form) == MINUTE, form


def test_a_date_in_the_past_asks_for_nothing(clock: Time) -> None:
    past = clock.instant - timedelta(seconds=1)
    assert retries.asked_by(format_datetime(past)) == 0
    assert retries.asked_by("Thu, 01 Jan 1970 00:00:00 GMT") == 0


def test_space_around_a_number_is_no_part_of_it() -> None:
    assert retries.asked_by(" 60 \t") == MINUTE


@pytest.mark.parametrize(
    "retry_after",
    ["36001", "9" * 30, "9" * 60_000, "Fri, 31 Dec 9999 23:59:59 GMT"],
    ids=["a second more", "30 digits", "60,000 digits", "the last date"],
)
def test_nobody_can_ask_for_more_than_ten_hours(retry_after: str) -> None:
    assert retries.asked_by("36000") == 10 * HOUR
    assert retries.asked_by(retry_after) == 10 * HOUR


@pytest.mark.parametrize(
    "retry_after",
    [
        None,
        "",
        " ",
        "-1",
        "+60",
        "1.5",
        "1e4",
        "inf",
        "nan",
        "0x10",
        "60, 60",
        "60s",
        "\u0663\u0663\u0663",
        "tomorrow",
        "Fri, 32 Foo 2099 00:00:00 GMT",
        "Fri, 01 Jan 99999 00:00:00 GMT",
        "Fri, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Fri, 01 Jan 2099 00:00:00 +99999999999999999999",
        "," * 60_000,
    ],
)
def test_nonsense_asks_for_nothing(retry_after: str | None) -> None:
    assert retries.asked_by(retry_after) == 0
