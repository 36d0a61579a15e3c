"""Determines which events a webhook receives: those it subscribes to, while its owner may see them."""

from collections.abc import Iterable

from lamina.access.policy import PERMISSIONS, Permission
from lamina.users.model import Status, User
from lamina.webhooks.model import Webhook, WebhookScope, WebhookStatus

PATTERN = r"^(\*|[a-z0-9_]+(\.[a-z0-9_]+)*(\.\*)?)$"
"""Everything, an event type, or a prefix of event types."""
EVERYTHING = "*"


def wants(patterns: Iterable[str], event_type: str) -> bool:
    """Return whether an event type matches one of the patterns."""
    return any(_matches(pattern, event_type) for pattern in patterns)


def _matches(pattern: str, event_type: str) -> bool:
    if pattern in {EVERYTHING, event_type}:
        return True
    return pattern.endswith(".*") and event_type.startswith(pattern.removesuffix("*"))


def refusal(webhook: Webhook | None, owner: User | None) -> str | None:
    """Return why nothing may be sent to a webhook, for its owner; None if there is no reason.

    Args:
        webhook: the current webhook; None if it was deleted.
        owner: its current owner; None if deleted.
    """
    if webhook is None:
        return "the webhook was deleted"
    if webhook.status != WebhookStatus.ENABLED:
        return "the webhook is disabled"
    if owner is None or owner.deleted_at is not None or owner.status != Status.ACTIVE:
        return "the owner of the webhook is not active"
    if webhook.is_revoked(owner):
        return "the webhook was revoked"
    if webhook.scope == WebhookScope.ALL and Permission.MANAGE_USERS not in PERMISSIONS[owner.role]:
        return "the owner of the webhook may no longer manage users"
    return None
