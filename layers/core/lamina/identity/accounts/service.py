"""Account maintenance: address verification, requests for mails, ending of sessions.

Mails are not sent here: an event requests one, and the consumer that writes it also creates its token, so that no event
contains a secret. Requests for unknown addresses do the same work, without effect.
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
"""Events that show that a mailed link was used."""


def request_verification(email: str, context: RequestContext) -> None:
    """Request a verification mail."""
    _ask(EMAIL_VERIFICATION_REQUESTED, email, context)


def request_reset(email: str, context: RequestContext) -> None:
    """Request a password reset mail."""
    _ask(PASSWORD_RESET_REQUESTED, email, context)


def request_sign_in_link(email: str, context: RequestContext) -> None:
    """Request a mail with a sign-in link."""
    _ask(SIGN_IN_LINK_REQUESTED, email, context)


def verify_email(token: str, context: RequestContext) -> None:
    """Mark an address as verified with the mailed token; the first time revokes everything created before.

    Raises:
        BadLink: if the token is invalid or expired.
    """
    item = email_links.find(Purpose.VERIFY_EMAIL, token)

    def verified(user: User) -> Amendment:
        if user.email != item.bound_to:
            raise BadLink
        event = account_event(EMAIL_VERIFIED.of({}), user.id, context)
        return replace(prove_address(user), events=[event], delete=[item])

    email_links.use(item, verified, context)


def end_all_sessions(user_id: str, context: RequestContext) -> None:
    """End every session of a user, including the current one."""

    def end(user: User) -> Amendment:
        event = account_event(SESSIONS_ENDED.of({}), user_id, context)
        return Amendment(user=replace(user, session_epoch=user.session_epoch + 1), events=[event])

    users.amend(user_id, end, context)


def binding(user: User, credentials: CredentialsItem | None) -> str:
    """Return what a reset token is bound to: the address and the password."""
    return f"{user.email} {(credentials.version or 0) if credentials else 0}"


def has_proven_an_address(user_id: str) -> bool:
    """Return whether a user has ever verified an address, as far back as the outbox goes: one query."""
    events = OutboxItem.query(key("USER", user_id), OutboxItem.sk.startswith(key("EVENT", "")))
    return any(event.event_type in PROOFS for event in events)


def credentials_of(user_id: str) -> CredentialsItem | None:
    """Return the credentials of a user; None if nobody can sign in as the user yet."""
    try:
        return CredentialsItem.get(*credentials_key(user_id), consistent_read=True)
    except CredentialsItem.DoesNotExist:
        return None


def _ask(event_type: EventType[Nothing], email: str, context: RequestContext) -> None:
    """Request a mail without revealing, by response or duration, whether it is sent.

    Requests are limited to the number of mails allowed, so that strangers cannot flood an account with events; mails
    are counted again when they are sent. Requests for an address without an account are counted too, until it has one.
    """
    user_id = users.find_by_email(email)
    is_asked = rules.count_mail(event_type.name, user_id or email)
    transactions.write(put=[event_or_decoy(event_type.of({}), user_id if is_asked else None, context)])
