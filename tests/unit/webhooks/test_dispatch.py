"""Who is told of what."""

import json

import pytest

from lamina.access.policy import Role
from lamina.errors import NotFound
from lamina.identity.accounts.address_proof import revoke_credentials
from lamina.users import service as users
from lamina.users.model import User
from lamina.users.service import Amendment
from lamina.webhooks import directory, service
from lamina.webhooks.deliveries import list_deliveries
from lamina.webhooks.dispatch import dispatch, has_candidates
from lamina.webhooks.items import EVERYBODY
from lamina.webhooks.model import DeliveryStatus, WebhookScope
from tests.support.aws import make_user
from tests.support.people import verified
from tests.unit.webhooks.conftest import CONTEXT, World, event, happen, hook


def test_an_owner_receives_events_about_itself_and_its_resources(world: World, ann: User) -> None:
    hook(ann)
    event = [happen(ann.id), happen("0190a3f0-0000-7000-8000-0000000000aa", "job.succeeded", owner_id=ann.id)]
    happen("0190a3f0-0000-7000-8000-0000000000bb", "job.succeeded", owner_id="0190a3f0-0000-7000-8000-0000000000cc")
    world.deliver()
    assert [json.loads(body) for _, _, body in world.sent] == event


def test_an_event_without_a_webhook_is_told_from_one_with_a_webhook(ann: User, admin: User) -> None:
    of_ann, of_admin = (event(user.id) for user in (ann, admin))
    made = hook(ann)
    assert [has_candidates(each) for each in (of_ann, of_admin)] == [True, False]
    service.delete(made.id, CONTEXT, if_version=lambda _: True)
    assert not has_candidates(of_ann)
    hook(admin, scope=WebhookScope.ALL)
    assert has_candidates(of_ann)


def test_who_asks_for_everybodys_events_gets_everybodys(world: World, ann: User, admin: User) -> None:
    hook(admin, "all", "user.*", scope=WebhookScope.ALL)
    event = [happen(ann.id), happen(admin.id)]
    happen(ann.id, "session.started")
    world.deliver()
    assert [json.loads(body) for _, _, body in world.sent] == event


def test_an_endpoint_found_in_two_directories_receives_an_event_once(world: World, admin: User) -> None:
    hook(admin, scope=WebhookScope.ALL)
    happen(admin.id)
    world.deliver()
    assert len(world.sent) == 1


def test_only_subscribed_types_are_delivered(world: World, ann: User) -> None:
    hook(ann, "hook", "user.*", "job.succeeded")
    for event_type in ("user.updated", "job.succeeded", "job.failed", "session.started", "user.deleted"):
        happen(ann.id, event_type)
    world.deliver()
    assert [json.loads(body)["type"] for _, _, body in world.sent] == ["user.updated", "job.succeeded", "user.deleted"]


def test_a_demoted_administrator_receives_no_events_about_others(world: World, ann: User, admin: User) -> None:
    hook(admin, scope=WebhookScope.ALL)
    on_its_way = happen(ann.id)
    users.update(admin.id, {"role": Role.EDITOR}, CONTEXT, if_version=lambda _: True)
    happen(ann.id)
    world.deliver()
    assert world.sent == []
    verified(admin)
    users.update(admin.id, {"role": Role.ADMIN}, CONTEXT, if_version=lambda _: True)
    again = happen(ann.id)
    world.deliver()
    assert [json.loads(body) for _, _, body in world.sent] == [again]
    assert again != on_its_way


def test_suspended_and_deleted_owners_get_nothing_not_even_what_was_on_its_way(world: World, ann: User) -> None:
    bob = make_user("bob")
    hook(ann, "ann")
    hook(bob, "bob")
    happen(ann.id)
    happen(bob.id)
    users.update(ann.id, {"status": "suspended"}, CONTEXT, if_version=lambda _: True)
    users.delete(bob.id, CONTEXT, if_version=lambda _: True)
    happen(ann.id)
    happen(bob.id)
    world.deliver()
    assert world.sent == []


def test_a_disabled_webhook_receives_nothing_until_it_is_enabled(world: World, ann: User) -> None:
    made = hook(ann)
    happen(ann.id)
    service.update(made.id, {"status": "disabled"}, CONTEXT, if_version=lambda _: True)
    happen(ann.id)
    world.deliver()
    (waiting,) = list_deliveries(made.id, DeliveryStatus.FAILED, 20, None).items
    assert waiting.attempts[0].error == "the webhook is disabled"
    service.update(made.id, {"status": "enabled"}, CONTEXT, if_version=lambda _: True)
    happen(ann.id)
    world.deliver()
    assert len(world.sent) == 1


def test_a_deleted_webhook_receives_nothing(world: World, ann: User) -> None:
    made = hook(ann)
    happen(ann.id)
    service.delete(made.id, CONTEXT, if_version=lambda _: True)
    happen(ann.id)
    world.deliver()
    assert world.sent == []


def test_a_duplicate_event_is_delivered_once(world: World, ann: User) -> None:
    made = hook(ann)
    twice = event(ann.id)
    dispatch(twice)
    dispatch(twice)
    world.deliver()
    dispatch(twice)
    world.deliver()
    assert len(world.sent) == 1
    listed = list_deliveries(made.id, None, 20, None).items
    assert [(each.event_id, each.status) for each in listed] == [(twice["id"], "succeeded")]


def revoked(user: User) -> User:
    """The user, after a reset of the password."""
    return users.amend(user.id, lambda user: Amendment(user=revoke_credentials(user)), CONTEXT)


def test_a_revoked_webhook_is_sent_nothing_and_is_deleted_with_the_next_event(world: World, ann: User) -> None:
    narrow, made = hook(ann, "narrow", "job.*"), hook(ann)
    happen(ann.id)
    ann = revoked(ann)
    world.deliver()
    assert world.sent == []
    (waiting,) = list_deliveries(made.id, DeliveryStatus.FAILED, 20, None).items
    assert waiting.attempts[0].error == "the webhook was revoked"
    kept = hook(ann, "kept")
    for _ in range(2):
        happen(ann.id, "password.reset")
    world.deliver()
    assert world.urls() == [kept.url] * 2
    assert directory.read(ann.id).webhook_ids == [kept.id]
    for gone in (narrow, made):
        with pytest.raises(NotFound):
            service.get(gone.id)


def test_a_revoked_webhook_of_everybodys_events_makes_room(world: World, ann: User, admin: User) -> None:
    hook(admin, scope=WebhookScope.ALL)
    admin = revoked(admin)
    happen(ann.id)
    world.deliver()
    assert world.sent == []
    assert directory.read(EVERYBODY).webhook_ids == []
