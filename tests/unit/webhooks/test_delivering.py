"""Deliveries: sent, retried and failed as the table says, even if messages are lost."""

import json
from collections import Counter
from itertools import pairwise
from typing import cast

import pytest
from standardwebhooks.webhooks import Webhook as Receiver

from lamina import ids
from lamina.storage import conditional
from lamina.storage.item import connect
from lamina.storage.transport import Call, DynamoDb
from lamina.users.model import User
from lamina.webhooks import delivering, endpoint_queue, pending, retries, secret_keeping, service
from lamina.webhooks.deliveries import list_deliveries, redeliver, send_test
from lamina.webhooks.delivering import attempt
from lamina.webhooks.dispatch import dispatch
from lamina.webhooks.endpoint_queue import EndpointQueueItem, endpoint_queue_key
from lamina.webhooks.items import ParkedItem, PendingItem, WebhookItem, pending_key, webhook_key
from lamina.webhooks.model import Delivery, DeliveryStatus, Webhook, WebhookStatus
from lamina.webhooks.retries import DAY, HOUR
from tests.unit.webhooks.conftest import CONTEXT, World, event, hangs, happen, hook, raised, says

URL = "https://example.com/hook"


def only(webhook: Webhook) -> Delivery:
    (delivery,) = list_deliveries(webhook.id, None, 20, None).items
    return delivery


def test_what_is_sent_is_the_event_signed_by_the_secret(world: World, ann: User) -> None:
    made = hook(ann)
    told = happen(ann.id)
    world.deliver()
    ((url, headers, body),) = world.sent
    secret = secret_keeping.signing_secrets(WebhookItem.get(*webhook_key(made.id)))[0]
    assert url == made.url
    assert headers["webhook-id"] == told["id"]
    assert Receiver(secret).verify(body, dict(headers)) == told


def test_a_secret_that_was_rotated_signs_along_for_a_day(world: World, ann: User) -> None:
    made = hook(ann)
    old = secret_keeping.signing_secrets(WebhookItem.get(*webhook_key(made.id)))[0]
    _, newer = service.rotate_secret(made.id, CONTEXT)
    _, newest = service.rotate_secret(made.id, CONTEXT)
    happen(ann.id)
    world.deliver()
    for secret in (old, newer, newest):
        Receiver(secret).verify(world.sent[0][2], dict(world.sent[0][1]))
    world.clock.forward(DAY + 1)
    happen(ann.id)
    world.deliver()
    assert len(world.sent[1][1]["webhook-signature"].split()) == 1
    Receiver(newest).verify(world.sent[1][2], dict(world.sent[1][1]))


def test_the_log_tells_of_each_request(world: World, ann: User) -> None:
    made = hook(ann)
    world.behaviours[URL] = says(503, b"busy \xff\x00")
    happen(ann.id)
    world.deliver()
    world.behaviours[URL] = says(200, b"x" * 1024)
    world.live(60)
    delivery = only(made)
    assert delivery.status == DeliveryStatus.SUCCEEDED
    assert delivery.next_attempt_at is None
    failed, succeeded = delivery.attempts
    assert (failed.status, failed.error, failed.answer) == (503, "the response status was 503", "busy \ufffd\ufffd")
    assert (succeeded.status, succeeded.error, len(succeeded.answer)) == (200, None, 1024)


def test_a_delivery_is_retried_for_three_days_by_the_schedule_and_then_fails(world: World, ann: User) -> None:
    made = hook(ann)
    world.behaviours[URL] = says(500)
    happen(ann.id)
    world.deliver()
    world.live(4 * DAY)
    gaps = [ids.epoch_of(later) - ids.epoch_of(earlier) for earlier, later in pairwise(world.at)]
    assert len(gaps) == len(retries.SCHEDULE)
    for gap, wanted in zip(gaps, retries.SCHEDULE, strict=True):
        assert wanted <= gap <= wanted * (1 + retries.JITTER) + 120, gaps
    assert only(made).status == DeliveryStatus.FAILED
    assert not list(PendingItem.query(f"WEBHOOK#{made.id}", PendingItem.sk.startswith("PENDING#")))


def test_the_schedule_is_of_three_days() -> None:
    assert 3 * DAY < sum(retries.SCHEDULE) < 3.5 * DAY
    assert retries.SCHEDULE[:6] == (5, 300, 1800, 2 * HOUR, 5 * HOUR, 10 * HOUR)


def test_if_every_message_is_lost_the_schedule_brings_everything(world: World, ann: User) -> None:
    made = hook(ann)
    world.lose_messages = True
    told = [happen(ann.id) for _ in range(10)]
    world.deliver()
    assert world.sent == []
    world.lose_messages = False
    world.live(180)
    assert Counter(headers["webhook-id"] for _, headers, _ in world.sent) == Counter(each["id"] for each in told)
    listed = list_deliveries(made.id, DeliveryStatus.SUCCEEDED, 20, None).items
    assert len(listed) == 10


def test_a_message_that_comes_twice_sends_nothing_twice(world: World, ann: User) -> None:
    made = hook(ann)
    happen(ann.id)
    delivery = only(made)
    for _ in range(3):
        attempt(made.id, delivery.id)
    assert len(world.sent) == 1


def test_whoever_dies_while_sending_is_followed_by_somebody_else(
    world: World, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hook(ann)
    happen(ann.id)

    def die(_: str) -> None:
        raise SystemExit

    world.behaviours[URL] = die  # type: ignore[assignment]  # it does not answer
    with monkeypatch.context() as patch:
        patch.setattr(endpoint_queue, "release", lambda *_, **__: None)
        with pytest.raises(SystemExit):
            world.deliver()
    del world.behaviours[URL]
    attempt(made.id, only(made).id)
    assert len(world.sent) == 1, "while the lease lasts, it is left to whoever has it"
    world.live(180)
    assert len(world.sent) == 2
    assert only(made).status == DeliveryStatus.SUCCEEDED


def test_an_endpoint_that_fails_for_days_is_disabled_and_its_owner_notified(world: World, ann: User) -> None:
    made = hook(ann)
    world.behaviours[URL] = hangs
    for _ in range(5):
        happen(ann.id)
        world.live(DAY)
    webhook = service.get(made.id)
    assert (webhook.status, webhook.disabled_reason) == (WebhookStatus.DISABLED, "failing")
    (told,) = [each for each in raised(ann) if each["type"] == "webhook.disabled"]
    assert told["subject"] == ann.id
    assert told["data"] == {"webhook_id": made.id, "host": "example.com", "reason": "failing"}
    sent = len(world.sent)
    happen(ann.id)
    world.live(DAY)
    assert len(world.sent) == sent
    assert {each.status for each in list_deliveries(made.id, None, 100, None).items} == {DeliveryStatus.FAILED}
    enabled = service.update(made.id, {"status": "enabled"}, CONTEXT, if_version=lambda _: True)
    assert enabled.disabled_reason is None
    del world.behaviours[URL]
    happen(ann.id)
    world.deliver()
    assert len(world.sent) == sent + 1


def test_an_endpoint_that_succeeds_now_and_then_is_never_disabled(world: World, ann: User) -> None:
    made = hook(ann)
    answers = iter([500, 500, 204] * 10_000)
    world.behaviours[URL] = lambda _: says(next(answers))("")
    for _ in range(6):
        happen(ann.id)
        world.live(DAY)
    assert service.get(made.id).status == WebhookStatus.ENABLED


def test_a_failing_endpoint_gets_one_request_at_a_time_and_what_waits_follows_when_it_is_well(
    world: World, ann: User
) -> None:
    made = hook(ann)
    world.behaviours[URL] = says(500)
    told = [happen(ann.id) for _ in range(50)]
    world.deliver()
    assert len(world.sent) == endpoint_queue.OPENS_AFTER
    world.live(20 * 60)
    assert len(world.sent) < 15
    del world.behaviours[URL]
    before = len(world.sent)
    world.live(45 * 60)
    succeeded = {headers["webhook-id"] for _, headers, _ in world.sent[before:]}
    assert len(succeeded) >= 47, "all but those that wait for their own time"
    world.live(4 * HOUR)
    assert len(list_deliveries(made.id, DeliveryStatus.SUCCEEDED, 100, None).items) == len(told)


def test_an_endpoint_queue_delivers_no_more_at_a_time_than_it_has_slots(world: World, ann: User) -> None:
    made = hook(ann)
    for _ in range(10):
        happen(ann.id)
    queue = EndpointQueueItem(*endpoint_queue_key(made.id))
    places = [endpoint_queue.acquire(queue, urgent=False) for _ in range(6)]
    assert [isinstance(place, endpoint_queue.Slot) for place in places] == [True] * 4 + [False] * 2
    world.deliver()
    assert world.sent == []
    for place in places[:4]:
        assert isinstance(place, endpoint_queue.Slot)
        endpoint_queue.release(queue, place, succeeded=True)
    world.live(180)
    assert len(world.sent) == 10


def test_redelivering_sends_the_same_event_again_at_once_though_the_endpoint_is_failing(
    world: World, ann: User
) -> None:
    made = hook(ann)
    world.behaviours[URL] = says(500)
    for _ in range(5):
        happen(ann.id)
    world.deliver()
    world.behaviours[URL] = says(204)
    asked = list_deliveries(made.id, None, 1, None).items
    sent = len(world.sent)
    again = redeliver(made, asked[0].id)
    assert again.status == DeliveryStatus.PENDING
    world.deliver()
    assert world.sent[sent][1]["webhook-id"] == again.event_id
    redeliver(made, again.id)
    redeliver(made, again.id)
    world.deliver()
    assert [headers["webhook-id"] for _, headers, _ in world.sent].count(again.event_id) >= 2


def test_what_is_being_sent_is_not_sent_again_because_somebody_asks(world: World, ann: User) -> None:
    made = hook(ann)
    happen(ann.id)
    delivery = only(made)
    waiting = PendingItem.get(*pending_key(made.id, delivery.id))
    assert pending.claim(waiting)
    assert redeliver(made, delivery.id).status == DeliveryStatus.PENDING
    world.deliver()
    assert world.sent == []


def test_a_test_is_sent_at_once_and_to_this_endpoint_alone(world: World, ann: User) -> None:
    made = hook(ann, "hook", "order.*")
    hook(ann, "other")
    delivery = send_test(made, CONTEXT)
    world.deliver()
    ((url, _, body),) = world.sent
    assert url == URL
    assert json.loads(body)["type"] == "webhook.test"
    assert only(made).id == delivery.id


def test_an_event_that_an_endpoint_never_takes_does_not_keep_the_others_from_it(world: World, ann: User) -> None:
    hook(ann)
    poison = event(ann.id)["id"]
    world.behaviours[URL] = lambda body: says(400 if poison in body else 204)("")

    dispatch({**event(ann.id), "id": poison})
    told = []
    for _ in range(30):
        told.append(happen(ann.id)["id"])
        world.live(60)
    taken = {headers["webhook-id"] for _, headers, _ in world.sent} - {poison}
    assert taken == set(told)


def test_a_dead_endpoint_with_a_backlog_costs_little(world: World, ann: User) -> None:
    hook(ann)
    world.behaviours[URL] = hangs
    for _ in range(10):
        happen(ann.id)
    world.deliver()
    world.live(6 * HOUR)
    assert len(world.sent) < 30, "a request each half an hour, and few besides"
    assert world.received < 10 * 6 + 60, "each is looked at less than once an hour"


def test_while_kms_is_down_no_try_is_spent(world: World, ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    made = hook(ann)
    assert world.sent == []
    happen(ann.id)

    def refuse(_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(secret_keeping, "signing_secrets", refuse)
        for _ in range(3):
            with pytest.raises(ConnectionError):
                attempt(made.id, only(made).id)
    assert int(PendingItem.get(*pending_key(made.id, only(made).id)).tries) == 0
    attempt(made.id, only(made).id)
    assert only(made).status == DeliveryStatus.SUCCEEDED


def test_what_is_parked_just_as_everybody_is_done_is_not_forgotten(
    world: World, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hook(ann)
    happen(ann.id)
    queue = EndpointQueueItem(*endpoint_queue_key(made.id))
    places = [endpoint_queue.acquire(queue, urgent=False) for _ in range(4)]
    park = pending.park

    def park_late(waiting: PendingItem, _: str) -> None:
        """The four are done between the read of the endpoint queue and the parking of the delivery."""
        for place in places:
            assert isinstance(place, endpoint_queue.Slot)
            endpoint_queue.release(queue, place, succeeded=True)
        endpoint_queue.note_backlog(queue, there_is=False)
        park(waiting, ids.ahead(HOUR))

    with monkeypatch.context() as patch:
        patch.setattr(pending, "park", park_late)
        attempt(made.id, only(made).id)
    world.deliver()
    assert len(world.sent) == 1


def test_whoever_dies_while_parking_leaves_it_to_whoever_is_done_next(
    world: World, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hook(ann)
    happen(ann.id)
    waiting = PendingItem.get(*pending_key(made.id, only(made).id))

    def die(*_: object) -> bool:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(conditional, "update", die)
        with pytest.raises(SystemExit):
            pending.park(waiting, ids.ahead(HOUR))
    world.queue.clear()
    assert pending.wake(made.id, 2)
    world.deliver()
    assert len(world.sent) == 1


def test_a_note_of_what_waits_no_more_wakes_nothing_and_goes(world: World, ann: User) -> None:
    made = hook(ann)
    happen(ann.id)
    waiting = PendingItem.get(*pending_key(made.id, only(made).id))
    until = ids.ahead(1)
    pending.park(waiting, until)
    world.clock.forward(2)
    assert pending.claim(PendingItem.get(*pending_key(made.id, only(made).id)))
    claimed = PendingItem.get(*pending_key(made.id, only(made).id)).next_attempt_at
    assert not pending.wake(made.id, 2)
    assert PendingItem.get(*pending_key(made.id, only(made).id)).next_attempt_at == claimed
    assert not list(ParkedItem.query(f"WEBHOOK#{made.id}", ParkedItem.sk.startswith("PARKED#")))


def test_however_many_wait_those_that_follow_are_found_at_once(world: World, ann: User) -> None:
    made = hook(ann)
    for _ in range(40):
        happen(ann.id)
    endpoint_queue.note_backlog(EndpointQueueItem(*endpoint_queue_key(made.id)), there_is=True)
    looked_at = 0

    def note(call: Call) -> None:
        nonlocal looked_at
        looked_at += (call.response or {}).get("ScannedCount", 0) if call.operation == "Query" else 0

    observers = cast("DynamoDb", connect().client).after
    observers.append(note)
    try:
        attempt(*world.queue[0][1:])
        for place in world.queue[1:4]:
            pending.park(PendingItem.get(*pending_key(*place[1:])), ids.ahead(HOUR))
        endpoint_queue.note_backlog(EndpointQueueItem(*endpoint_queue_key(made.id)), there_is=True)
        attempt(*world.queue[10][1:])
    finally:
        observers.remove(note)
    assert len(world.sent) == 2
    assert looked_at == delivering.WOKEN_BY_ONE


def test_after_an_endpoint_was_moved_what_was_parked_follows_the_next_event(world: World, ann: User) -> None:
    made = hook(ann)
    world.behaviours[URL] = hangs
    told = {happen(ann.id)["id"] for _ in range(10)}
    world.deliver()
    service.update(made.id, {"url": "https://example.com/moved"}, CONTEXT, if_version=lambda _: True)
    told.add(happen(ann.id)["id"])
    world.live(60)
    moved = {headers["webhook-id"] for url, headers, _ in world.sent if url.endswith("moved")}
    assert moved == told
