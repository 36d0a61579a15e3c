"""The lists of webhooks per owner and of scope `all`: one item each, read and written as a whole."""

from collections.abc import Collection

from lamina.errors import Conflict
from lamina.storage import transactions
from lamina.storage.cursors import Cursor
from lamina.storage.pages import START, Page, page_of
from lamina.storage.sharded_list import Chunk
from lamina.storage.transactions import ConditionFailed
from lamina.webhooks.errors import TooManyForEverybody, TooManyWebhooks
from lamina.webhooks.items import EVERYBODY, DirectoryItem, directory_key
from lamina.webhooks.model import WebhookScope

MOST_OF_ONE = 20
MOST_FOR_EVERYBODY = 100
"""Each of them receives every event, so they determine the cost of an event."""


def read(owner_id: str) -> DirectoryItem:
    """Return the directory of a user, or of `EVERYBODY`: a consistent read."""
    try:
        return DirectoryItem.get(*directory_key(owner_id), consistent_read=True)
    except DirectoryItem.DoesNotExist:
        return DirectoryItem(*directory_key(owner_id))


def page(owner_id: str, limit: int, cursor: Cursor | None) -> Page[str]:
    """Return a page of the ids of a user's webhooks, newest first; the list is short and read as a whole."""
    every = sorted(read(owner_id).webhook_ids, reverse=True)
    start = cursor or START
    if start.backwards:
        beyond = [each for each in reversed(every) if each > start.position]
    else:
        beyond = [each for each in every if not start.position or each < start.position]
    chosen = beyond[:limit]
    first, last = (chosen[0], chosen[-1]) if chosen else ("", "")
    return page_of(Chunk(chosen, first, last, len(beyond) > limit), start, total=len(every))


def with_another(own: DirectoryItem, scope: WebhookScope, webhook_id: str) -> list[DirectoryItem]:
    """Return the directories with one more webhook, each conditional on the version that was read.

    Args:
        own: directory of the owner, as read.
        scope: scope of the webhook.
        webhook_id: id of the webhook.

    Raises:
        TooManyWebhooks, TooManyForEverybody: if the limit is reached.
    """
    if len(own.webhook_ids) >= MOST_OF_ONE:
        raise TooManyWebhooks
    entries = [own]
    if scope == WebhookScope.ALL:
        everybody = read(EVERYBODY)
        if len(everybody.webhook_ids) >= MOST_FOR_EVERYBODY:
            raise TooManyForEverybody
        entries.append(everybody)
    for entry in entries:
        entry.webhook_ids = [*entry.webhook_ids, webhook_id]
    return entries


def without(owner_id: str, scope: WebhookScope, webhook_id: str) -> list[DirectoryItem]:
    """Return the directories without a webhook, each conditional on the version that was read."""
    entries = [read(owner_id), *([read(EVERYBODY)] if scope == WebhookScope.ALL else [])]
    listed = [entry for entry in entries if webhook_id in entry.webhook_ids]
    for entry in listed:
        entry.webhook_ids = [each for each in entry.webhook_ids if each != webhook_id]
    return listed


def remove_from_everybody(webhook_ids: Collection[str]) -> None:
    """Remove webhooks from the directory of scope `all`.

    Raises:
        Conflict: if the directory keeps being changed concurrently.
    """
    for _ in range(transactions.ATTEMPTS):
        everybody = read(EVERYBODY)
        kept = [each for each in everybody.webhook_ids if each not in webhook_ids]
        if kept == list(everybody.webhook_ids):
            return
        everybody.webhook_ids = kept
        try:
            transactions.write(put=[everybody])
        except ConditionFailed:
            continue
        return
    raise Conflict
