"""Who gets to a webhook: to anybody else than its owner and those who manage users, there is none."""

from lamina.access.policy import Action, Caller, may, refusal
from lamina.errors import NotFound
from lamina.webhooks import service
from lamina.webhooks.model import Webhook, WebhookScope


def reach(caller: Caller, action: Action, webhook_id: str) -> Webhook:
    """Read a webhook for a caller who is about to do something with it.

    To change one that is told of everybody's events takes what it takes to create one.

    Raises:
        NotFound: when there is none that the caller may know of, or it was revoked.
        Forbidden: when it is the caller's own, and the credential does not allow this.
    """
    webhook = service.get(webhook_id)
    if webhook.owner_id == caller.user_id and webhook.credential_epoch != caller.credential_epoch:
        raise NotFound(service.NO_SUCH_WEBHOOK)
    hears_all = webhook.scope == WebhookScope.ALL and action == Action.WEBHOOK_WRITE
    may_reach = may(caller, action, owner_id=webhook.owner_id)
    if may_reach and (not hears_all or may(caller, Action.WEBHOOK_HEAR_ALL)):
        return webhook
    if webhook.owner_id != caller.user_id:
        raise NotFound(service.NO_SUCH_WEBHOOK)
    raise refusal(caller, Action.WEBHOOK_HEAR_ALL) if may_reach else refusal(caller, action, webhook.owner_id)
