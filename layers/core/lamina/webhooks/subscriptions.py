"""Which events go to a webhook: those that it subscribes to, while its owner may see them."""

from collections.abc import Iterable

from lamina.access.policy import PERMISSIONS, Permission
from lamina.users.model import Status, User
from lamina.webhooks.model import Webhook, WebhookScope, WebhookStatus

PATTERN = r"^(\*|[a-z0-9_]+(\.[a-z0-9_]+)*(\.\*)?)$"
"""Everything, a type, or all types that begin so."""
EVERYTHING = "*"


def wants(patterns: Iterable[str], event_type: str) -> bool:
    """Tell whether an event of this type is wanted."""
    return any(_matches(pattern, event_type) for pattern in patterns)


def _matches(pattern: str, event_type: str) -> bool:
    if pattern in {EVERYTHING, event_type}:
        return True
    return pattern.endswith(".*") and event_type.startswith(pattern.removesuffix("*"))


def refusal(webhook: Webhook | None, owner: User | None) -> str | None:
    """Say why nothing is to be sent to a webhook, to its owner; None when there is no reason.

    Args:
        webhook: as it is now; None when it was deleted.
        owner: of the webhook, as it is now; None when it was deleted.
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
