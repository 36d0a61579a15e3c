"""What can be done with things. Callers authorize first; rules of the domain are kept here."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from lamina import ids
from lamina.errors import Conflict, PreconditionFailed
from lamina.events.catalog import THING_CREATED, THING_DELETED, THING_UPDATED
from lamina.events.event_type import Fact
from lamina.events.outbox import OutboxItem, event
from lamina.events.request_context import RequestContext
from lamina.storage import run_once, transactions
from lamina.storage.cursors import Cursor
from lamina.storage.keys import identifier_of
from lamina.storage.pages import Page, read_page
from lamina.storage.sharded_list import Source
from lamina.storage.transactions import ConditionFailed
from lamina.things.errors import ThingNotFound
from lamina.things.items import ThingItem, list_partitions, thing_item, thing_key, to_thing
from lamina.things.model import NewThing, Thing

ATTEMPTS = 5
"""How often a change is tried over what others have changed meanwhile."""

type IfVersion = Callable[[int], bool]
"""Returns whether a change may be made over this version."""


def create(new: NewThing, context: RequestContext) -> Thing:
    """Create a thing.

    Args:
        new: its fields.
        context: of the request; a retry of the same request returns the thing created before.
    """
    now = ids.now()
    thing = Thing(**asdict(new), id=ids.new_id(), created_at=now, updated_at=now, created_by=context.actor)
    created = _event(THING_CREATED.of({"id": thing.id}), thing.id, context)
    earlier = run_once.write(context.request, thing.id, [thing_item(thing), created])
    return get(earlier.id) if earlier else replace(thing, version=1)


def get(thing_id: str) -> Thing:
    """Return a thing, as last written.

    Raises:
        ThingNotFound: when there is none.
    """
    try:
        return to_thing(ThingItem.get(*thing_key(thing_id), consistent_read=True))
    except ThingItem.DoesNotExist:
        raise ThingNotFound from None


def list_things(limit: int, cursor: Cursor | None) -> Page[Thing]:
    """Return a page of things, newest first."""
    page = read_page(Source("gsi1", list_partitions()), limit, descending=True, cursor=cursor)
    keys = [thing_key(identifier_of(position)) for position in page.items]
    items = ThingItem.batch_get(keys, consistent_read=True) if keys else ()
    found = {item.pk: to_thing(item) for item in items}
    return page.with_items(found[pk] for pk, _ in keys if pk in found)


def update(thing_id: str, changes: Mapping[str, Any], context: RequestContext, *, if_version: IfVersion) -> Thing:
    """Update fields of a thing. Values that are the same as before raise neither its version nor an event.

    Raises:
        ThingNotFound: when there is none.
        PreconditionFailed: when `if_version` refuses the stored version.
        Conflict: when others keep changing it.
    """
    for _ in range(ATTEMPTS):
        before = _get_at(thing_id, if_version)
        changed = [name for name, value in sorted(changes.items()) if getattr(before, name) != value]
        if not changed:
            return before
        after = replace(before, **changes, updated_at=ids.now())
        updated = _event(THING_UPDATED.of({"id": thing_id, "changed": changed}), thing_id, context)
        try:
            transactions.write(put=[thing_item(after), updated])
        except ConditionFailed:
            continue
        return replace(after, version=before.version + 1)
    raise Conflict


def delete(thing_id: str, context: RequestContext, *, if_version: IfVersion) -> None:
    """Delete a thing.

    Raises:
        ThingNotFound, PreconditionFailed, Conflict: as `update`.
    """
    for _ in range(ATTEMPTS):
        thing = _get_at(thing_id, if_version)
        deleted = _event(THING_DELETED.of({"id": thing_id}), thing_id, context)
        try:
            transactions.write(put=[deleted], delete=[thing_item(thing)])
        except ConditionFailed:
            continue
        return
    raise Conflict


def _get_at(thing_id: str, if_version: IfVersion) -> Thing:
    thing = get(thing_id)
    if not if_version(thing.version):
        raise PreconditionFailed
    return thing


def _event(fact: Fact, thing_id: str, context: RequestContext) -> OutboxItem:
    return event(fact, thing_id, actor=context.actor, correlation_id=context.correlation_id)
