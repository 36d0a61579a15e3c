"""Access to webhooks: they are visible only to their owner and to callers who manage users."""

from lamina.access.policy import Action, Caller, may, refusal
from lamina.errors import NotFound
from lamina.webhooks import service
from lamina.webhooks.model import Webhook, WebhookScope


def reach(caller: Caller, action: Action, webhook_id: str) -> Webhook:
    """Return a webhook to a caller who is allowed to do this with it.

    Changing a webhook of scope `all` requires the same permissions as creating one.

    Raises:
        NotFound: if no webhook is visible to the caller, or it was revoked.
        Forbidden: if it is the caller's own, and the credential does not allow this.
    """
    webhook = service.get(webhook_id)
    if webhook.owner_id == caller.user_id and webhook.credential_epoch != caller.credential_epoch:
        raise NotFound(service.NO_SUCH_WEBHOOK)
    receives_all = webhook.scope == WebhookScope.ALL and action == Action.WEBHOOK_WRITE
    may_reach = may(caller, action, owner_id=webhook.owner_id)
    if may_reach and (not receives_all or may(caller, Action.WEBHOOK_RECEIVE_ALL)):
        return webhook
    if webhook.owner_id != caller.user_id:
        raise NotFound(service.NO_SUCH_WEBHOOK)
    raise refusal(caller, Action.WEBHOOK_RECEIVE_ALL) if may_reach else refusal(caller, action, webhook.owner_id)
