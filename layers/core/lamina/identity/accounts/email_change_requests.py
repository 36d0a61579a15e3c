"""Requests to change an e-mail address, given the password; see `email_changes` for the next steps."""

from lamina import ids
from lamina.access.policy import Caller
from lamina.errors import Conflict
from lamina.events.catalog import EMAIL_CHANGE_REQUESTED
from lamina.events.request_context import RequestContext
from lamina.identity.accounts.email_changes import binding, waiting
from lamina.identity.accounts.password_changes import prove_password
from lamina.identity.accounts.schemas import EmailChangeInput
from lamina.identity.errors import EmailUnchanged
from lamina.identity.items import EmailChangeItem, email_change_key
from lamina.identity.security_events import account_event
from lamina.identity.sessions import service as sessions
from lamina.identity.tokens.one_time_tokens import LIFE_SECONDS, Purpose
from lamina.limits.rules import spend_email_change
from lamina.storage import transactions
from lamina.storage.transactions import ConditionFailed
from lamina.users import service as users


def request_change(caller: Caller, change: EmailChangeInput, address: str, context: RequestContext) -> None:
    """Request a confirmation mail to the new address; it replaces an earlier request.

    If the address belongs to somebody else, no mail is sent, and the caller cannot tell.

    Args:
        caller: a signed-in user.
        change: the new address and the current password.
        address: client IP address.
        context: the request.

    Raises:
        WrongPassword: if the password is wrong.
        EmailUnchanged: if the account already has this address.
        RateLimited: after too many wrong passwords, or too many mails requested by this account or to this address.
        Unauthenticated: if the session ends concurrently.
        Conflict: if another change is requested concurrently.
    """
    credentials = prove_password(caller.user_id, change.current_password, address, context)
    user = users.get(caller.user_id)
    if change.email == user.email:
        raise EmailUnchanged
    spend_email_change(user.id, change.email)
    earlier = waiting(user.id)
    item = EmailChangeItem(
        *email_change_key(user.id),
        change_id=ids.new_id(),
        email=change.email,
        bound_to=binding(user, credentials),
        created_by=user.id,
        expires_at=ids.epoch_in(LIFE_SECONDS[Purpose.CONFIRM_EMAIL]),
    ).over(earlier.version if earlier else None)
    event = account_event(EMAIL_CHANGE_REQUESTED.of({"change_id": item.change_id}), user.id, context)
    try:
        transactions.write(put=[item, event], check=sessions.as_authenticated(caller))
    except ConditionFailed as refused:
        sessions.raise_if_over(refused, caller)
        raise Conflict from None
