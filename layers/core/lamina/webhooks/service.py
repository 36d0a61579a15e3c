"""The use cases of webhooks. Callers authorize first; domain rules are enforced here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lamina import ids
from lamina.access.policy import Caller
from lamina.errors import Conflict, NotFound, PreconditionFailed
from lamina.events import catalog
from lamina.events.event_type import Fact
from lamina.events.outbox import OutboxItem, event
from lamina.events.request_context import RequestContext
from lamina.storage import one_time_secrets, transactions
from lamina.storage.cursors import Cursor
from lamina.storage.pages import Page
from lamina.storage.transactions import Check, ConditionFailed
from lamina.users import service as users
from lamina.webhooks import directory, endpoint_queue, secret_keeping
from lamina.webhooks.endpoint_queue import EndpointQueueItem, endpoint_queue_key
from lamina.webhooks.errors import TooManyWebhooks
from lamina.webhooks.items import WebhookItem, to_webhook, webhook_key
from lamina.webhooks.model import DisabledReason, Webhook, WebhookScope, WebhookStatus
from lamina.webhooks.targets import host_of

ATTEMPTS = 5
"""Number of attempts of a change if the webhook is changed concurrently."""
NO_SUCH_WEBHOOK = "The webhook was not found."
STARTS_AFRESH = {"url", "status"}
"""Fields whose change may repair a failing endpoint."""


@dataclass(frozen=True, kw_only=True)
class NewWebhook:
    """The properties of a new webhook; fields as in `Webhook`."""

    url: str
    events: Sequence[str]
    description: str = ""
    scope: WebhookScope = WebhookScope.OWN


def create(owner: Caller, new: NewWebhook, context: RequestContext) -> tuple[Webhook, str]:
    """Create a webhook.

    Args:
        owner: the owner.
        new: its properties.
        context: the request; a retry returns the webhook created before.

    Returns:
        The webhook and its secret, which is returned only once.

    Raises:
        TooManyWebhooks: if the limit of the owner, or of scope `all`, is reached.
        Unauthenticated: if the owner's credentials are revoked, or its role changes, concurrently.
        Conflict: if the owner keeps creating other webhooks concurrently.
    """
    owner_id = owner.user_id
    webhook_id = ids.new_id()
    secret, encrypted = secret_keeping.create_encrypted(webhook_id)
    for _ in range(ATTEMPTS):
        # Read once: if the directory is changed afterwards, the conditional write fails.
        own = directory.read(owner_id)
        try:
            entries = directory.with_another(own, new.scope, webhook_id)
        except TooManyWebhooks:
            # An earlier attempt of this request may have created the last webhook that the limit allows.
            first = one_time_secrets.read(context.request)
            if first is None:
                raise
            return get(first.id), first.secret
        item = WebhookItem(
            *webhook_key(webhook_id),
            owner_id=owner_id,
            url=new.url,
            events=list(new.events),
            description=new.description,
            scope=new.scope,
            status=WebhookStatus.ENABLED,
            secret=encrypted,
            created_by=context.actor,
            credential_epoch=owner.credential_epoch,
        )
        created = catalog.WEBHOOK_CREATED.of({"webhook_id": webhook_id, "scope": new.scope})
        try:
            first = one_time_secrets.write(
                context.request,
                webhook_id,
                secret,
                put=[item, *entries, _event(created, item, context)],
                check=[users.as_authenticated(owner)],
            )
        except ConditionFailed as refused:
            users.raise_if_revoked(refused, owner)
            continue
        return to_webhook(item) if first.id == webhook_id else get(first.id), first.secret
    raise Conflict


def get(webhook_id: str) -> Webhook:
    """Return a webhook: a consistent read.

    Raises:
        NotFound: if it does not exist.
    """
    return to_webhook(_get(webhook_id))


def list_webhooks(owner_id: str, limit: int, cursor: Cursor | None) -> Page[Webhook]:
    """Return a page of a user's webhooks, newest first, without revoked ones.

    Costs one read of the directory, one batch of webhooks and one read of the owner.
    """
    page = directory.page(owner_id, limit, cursor)
    wanted = [webhook_key(webhook_id) for webhook_id in page.items]
    found = (
        {item.pk: to_webhook(item) for item in WebhookItem.batch_get(wanted, consistent_read=True)} if wanted else {}
    )
    owner = users.get_many([owner_id]).get(owner_id)
    webhooks = [found[pk] for pk, _ in wanted if pk in found]
    return page.with_items(each for each in webhooks if owner is not None and not each.is_revoked(owner))


def update(
    webhook_id: str,
    changes: Mapping[str, Any],
    context: RequestContext,
    *,
    if_version: Callable[[int], bool],
    by: Caller | None = None,
) -> Webhook:
    """Change fields of a webhook; if no value changes, the version stays the same.

    Args:
        webhook_id: id of the webhook.
        changes: new values of `url`, `events`, `description` and `status`.
        context: the request.
        if_version: returns whether the change may be applied to this version.
        by: the caller; None for the system itself.

    Raises:
        NotFound: if it does not exist.
        PreconditionFailed: if `if_version` returns false.
        Unauthenticated: if the credentials of `by` are revoked, or its role changes, concurrently.
        Conflict: if it keeps being changed concurrently.
    """

    def edit(item: WebhookItem) -> Fact | None:
        changed = [name for name, value in sorted(changes.items()) if getattr(item, name) != value]
        for name in changed:
            setattr(item, name, changes[name])
        if "status" in changed:
            item.disabled_reason = None
        return catalog.WEBHOOK_UPDATED.of({"webhook_id": webhook_id, "changed": changed}) if changed else None

    return _change(webhook_id, edit, context, if_version, by, afresh=not STARTS_AFRESH.isdisjoint(changes))


def rotate_secret(webhook_id: str, context: RequestContext, *, by: Caller | None = None) -> tuple[Webhook, str]:
    """Create a new secret for a webhook; the previous one still signs for 24 hours.

    A retry of the same request returns the same secret.

    Returns:
        The webhook and its new secret, which is returned only once.

    Raises:
        NotFound, Unauthenticated, Conflict: see `update`.
    """
    secret, encrypted = secret_keeping.create_encrypted(webhook_id)
    for _ in range(ATTEMPTS):
        item = _get(webhook_id)
        secret_keeping.replace(item, encrypted)
        item.updated_at = ids.now()
        rotated = _event(catalog.WEBHOOK_SECRET_ROTATED.of({"webhook_id": webhook_id}), item, context)
        try:
            first = one_time_secrets.write(context.request, webhook_id, secret, put=[item, rotated], check=_check(by))
        except ConditionFailed as refused:
            users.raise_if_revoked(refused, by)
            continue
        return to_webhook(item) if first.secret == secret else get(webhook_id), first.secret
    raise Conflict


def give_up(webhook: Webhook, reason: DisabledReason) -> None:
    """Disable a webhook because of its endpoint, unless its owner has disabled it or changed its URL meanwhile.

    Args:
        webhook: the webhook at the time of the request.
        reason: the reason reported to its owner.
    """

    def edit(item: WebhookItem) -> Fact | None:
        if item.status == WebhookStatus.DISABLED or item.url != webhook.url:
            return None
        item.status, item.disabled_reason = WebhookStatus.DISABLED, reason
        return catalog.WEBHOOK_DISABLED.of({"webhook_id": webhook.id, "host": host_of(item.url), "reason": reason})

    try:
        _change(webhook.id, edit, RequestContext(None, webhook.id))
    except NotFound:
        return


def delete(
    webhook_id: str, context: RequestContext, *, if_version: Callable[[int], bool], by: Caller | None = None
) -> None:
    """Delete a webhook; pending deliveries are discarded.

    Raises:
        NotFound, PreconditionFailed, Unauthenticated, Conflict: see `update`.
    """
    for _ in range(ATTEMPTS):
        item = _get(webhook_id)
        if not if_version(int(item.version)):
            raise PreconditionFailed
        entries = directory.without(item.owner_id, WebhookScope(item.scope), webhook_id)
        gone = _event(catalog.WEBHOOK_DELETED.of({"webhook_id": webhook_id}), item, context)
        try:
            transactions.write(
                put=[*entries, gone],
                delete=[item],
                discard=[EndpointQueueItem(*endpoint_queue_key(webhook_id))],
                check=_check(by),
            )
        except ConditionFailed as refused:
            users.raise_if_revoked(refused, by)
            continue
        return
    raise Conflict


def _change(
    webhook_id: str,
    edit: Callable[[WebhookItem], Fact | None],
    context: RequestContext,
    if_version: Callable[[int], bool] = lambda _: True,
    by: Caller | None = None,
    *,
    afresh: bool = False,
) -> Webhook:
    """Read, edit and save a webhook with its event; retry if it was changed concurrently. `afresh` resets its queue."""
    for _ in range(ATTEMPTS):
        item = _get(webhook_id)
        if not if_version(int(item.version)):
            raise PreconditionFailed
        fact = edit(item)
        if fact is None:
            return to_webhook(item)
        item.updated_at = ids.now()
        queue = [endpoint_queue.reset(webhook_id)] if afresh else []
        try:
            transactions.write(put=[item, _event(fact, item, context)], update=queue, check=_check(by))
        except ConditionFailed as refused:
            users.raise_if_revoked(refused, by)
            continue
        return to_webhook(item)
    raise Conflict


def _check(by: Caller | None) -> list[Check]:
    return [users.as_authenticated(by)] if by is not None else []


def _get(webhook_id: str) -> WebhookItem:
    try:
        return WebhookItem.get(*webhook_key(webhook_id), consistent_read=True)
    except WebhookItem.DoesNotExist:
        raise NotFound(NO_SUCH_WEBHOOK) from None


def _event(fact: Fact, item: WebhookItem, context: RequestContext) -> OutboxItem:
    return event(fact, item.owner_id, actor=context.actor, correlation_id=context.correlation_id)
