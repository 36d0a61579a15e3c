"""What an endpoint asks for by its answer: to be sent nothing more."""

from lamina.users.model import User
from lamina.webhooks import service
from lamina.webhooks.deliveries import list_deliveries
from lamina.webhooks.egress import Answer
from lamina.webhooks.model import DeliveryStatus, DisabledReason, WebhookStatus
from lamina.webhooks.retries import DAY
from tests.unit.webhooks.conftest import CAUSE, World, happen, hook, raised, says

URL = "https://example.com/hook"


def test_an_endpoint_that_is_gone_is_disabled_at_once_and_its_owner_told(world: World, ann: User) -> None:
    made = hook(ann)
    world.behaviours[URL] = says(410)
    happen(ann.id)
    world.deliver()
    webhook = service.get(made.id)
    assert (webhook.status, webhook.disabled_reason) == (WebhookStatus.DISABLED, DisabledReason.GONE)
    (told,) = [each for each in raised(ann) if each["type"] == "webhook.disabled"]
    assert told["data"] == {"webhook_id": made.id, "host": "example.com", "reason": "gone"}
    happen(ann.id)
    world.live(4 * DAY)
    assert len(world.sent) == 1
    (delivery,), _ = list_deliveries(made.id, None, 20, None)
    assert (delivery.status, delivery.next_attempt_at) == (DeliveryStatus.FAILED, None)
    assert [each.error for each in delivery.attempts] == ["the answer was 410", "the webhook is disabled"]


def test_an_endpoint_that_was_gone_is_told_again_when_its_owner_enables_it(world: World, ann: User) -> None:
    made = hook(ann)
    world.behaviours[URL] = says(410)
    happen(ann.id)
    world.deliver()
    enabled = service.update(made.id, {"status": "enabled"}, CAUSE, if_version=lambda _: True)
    assert enabled.disabled_reason is None
    del world.behaviours[URL]
    happen(ann.id)
    world.deliver()
    assert len(world.sent) == 2


def test_a_webhook_that_is_moved_while_its_old_address_says_that_it_is_gone_goes_on_at_the_new_one(
    world: World, ann: User
) -> None:
    made = hook(ann)

    def move(_: str) -> Answer:
        service.update(made.id, {"url": "https://example.com/moved"}, CAUSE, if_version=lambda _: True)
        return Answer(410, b"")

    world.behaviours[URL] = move
    happen(ann.id)
    world.live(60)
    assert service.get(made.id).status == WebhookStatus.ENABLED
    assert world.urls() == [URL, "https://example.com/moved"]
