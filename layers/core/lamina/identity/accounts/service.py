"""Keeping an account: verifying its address, asking for a reset of its password, ending its sessions.

Mails are not sent here: an event asks for one, and the consumer that writes it also makes the token in it, so that no
secret ever lies in an event. What is asked for an unknown address does the same work and leads to nothing.
"""

from dataclasses import replace

from lamina.events.catalog import (
    EMAIL_VERIFICATION_REQUESTED,
    EMAIL_VERIFIED,
    PASSWORD_RESET,
    PASSWORD_RESET_REQUESTED,
    SESSIONS_ENDED,
    SIGN_IN_LINK_REQUESTED,
    Nothing,
)
from lamina.events.event_type import EventType
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.identity.accounts.address_proof import prove_address
from lamina.identity.errors import BadLink
from lamina.identity.items import CredentialsItem, credentials_key
from lamina.identity.security_events import account_event, event_or_decoy
from lamina.identity.tokens import email_links
from lamina.identity.tokens.one_time_tokens import Purpose
from lamina.limits import rules
from lamina.storage import transactions
from lamina.storage.keys import key
from lamina.users import service as users
from lamina.users.model import User
from lamina.users.service import Amendment

PROOFS = {EMAIL_VERIFIED.name, PASSWORD_RESET.name}
"""Events that tell of a link that was mailed and came back."""


def request_verification(email: str, context: RequestContext) -> None:
    """Ask for a mail that proves an address."""
    _ask(EMAIL_VERIFICATION_REQUESTED, email, context)


def request_reset(email: str, context: RequestContext) -> None:
    """Ask for a mail with which a forgotten password can be reset."""
    _ask(PASSWORD_RESET_REQUESTED, email, context)


def request_sign_in_link(email: str, context: RequestContext) -> None:
    """Ask for a mail with a link to sign in by."""
    _ask(SIGN_IN_LINK_REQUESTED, email, context)


def verify_email(token: str, context: RequestContext) -> None:
    """Take an address as proven by the token that was mailed to it; the first proof revokes what was made before it.

    Raises:
        BadLink: when it is not good, or no longer.
    """
    item = email_links.find(Purpose.VERIFY_EMAIL, token)

    def verified(user: User) -> Amendment:
        if user.email != item.bound_to:
            raise BadLink
        event = account_event(EMAIL_VERIFIED.of({}), user.id, context)
        return replace(prove_address(user), events=[event], delete=[item])

    email_links.use(item, verified, context)


def end_all_sessions(user_id: str, context: RequestContext) -> None:
    """End every session of a user, this one too."""

    def end(user: User) -> Amendment:
        event = account_event(SESSIONS_ENDED.of({}), user_id, context)
        return Amendment(user=replace(user, session_epoch=user.session_epoch + 1), events=[event])

    users.amend(user_id, end, context)


def binding(user: User, credentials: CredentialsItem | None) -> str:
    """Say what a reset token is bound to: the address, and the password as it was last set."""
    return f"{user.email} {(credentials.version or 0) if credentials else 0}"


def has_proven_an_address(user_id: str) -> bool:
    """Tell whether a user has ever shown an address to be its own, as far back as the outbox goes: one query."""
    events = OutboxItem.query(key("USER", user_id), OutboxItem.sk.startswith(key("EVENT", "")))
    return any(event.event_type in PROOFS for event in events)


def credentials_of(user_id: str) -> CredentialsItem | None:
    """Read how a user proves itself; None if nobody can sign in as it yet."""
    try:
        return CredentialsItem.get(*credentials_key(user_id), consistent_read=True)
    except CredentialsItem.DoesNotExist:
        return None


def _ask(event_type: EventType[Nothing], email: str, context: RequestContext) -> None:
    """Ask for a mail in silence: neither the answer nor the work tells whether one follows.

    No more is asked for than may be sent, so that strangers cannot flood an account with events. Mails themselves are
    counted where they are sent. Of an address without an account the same is counted, and forgotten once it has one.
    """
    user_id = users.find_by_email(email)
    is_asked = rules.count_mail(event_type.name, user_id or email)
    transactions.write(put=[event_or_decoy(event_type.of({}), user_id if is_asked else None, context)])
