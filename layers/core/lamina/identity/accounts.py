"""Keeping an account: verifying its address, changing and resetting its password, ending its sessions.

Mails are not sent here: an event asks for one, and the consumer that writes it also makes the token in it, so that no
secret ever lies in an event. What is asked for an unknown address does the same work and leads to nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from pydantic import SecretStr

from lamina.errors import NotFound
from lamina.events.catalog import (
    EMAIL_VERIFICATION_REQUESTED,
    EMAIL_VERIFIED,
    PASSWORD_CHANGED,
    PASSWORD_REFUSED,
    PASSWORD_RESET,
    PASSWORD_RESET_REQUESTED,
    SESSIONS_ENDED,
    Nothing,
)
from lamina.events.cause import Cause
from lamina.events.event_type import EventType
from lamina.events.outbox import OutboxItem
from lamina.identity import one_time
from lamina.identity.attempts import begin_own, failure_of
from lamina.identity.errors import BadLink, WrongPassword
from lamina.identity.items import CredentialsItem, SessionItem, credentials_key, session_key
from lamina.identity.one_time import OneTimeTokenItem, Purpose
from lamina.identity.passwords import hash_password, verify_password
from lamina.identity.security import account_event
from lamina.identity.service import NOBODY
from lamina.limits.rules import spend_mail
from lamina.storage import transactions
from lamina.storage.keys import key
from lamina.users import service as users
from lamina.users.model import User
from lamina.users.service import Amendment

PROOFS = {EMAIL_VERIFIED.name, PASSWORD_RESET.name}
"""Events that tell of a link that was mailed and came back."""


@dataclass(frozen=True)
class PasswordChange:
    """The password that is, and the one that shall be."""

    current: SecretStr
    new: SecretStr


def ask_for_verification(email: str, cause: Cause) -> None:
    """Ask for a mail that proves an address.

    Raises:
        LimitReached: after too many mails to this address.
    """
    _ask(EMAIL_VERIFICATION_REQUESTED, email, cause)


def ask_for_reset(email: str, cause: Cause) -> None:
    """Ask for a mail with which a forgotten password can be reset.

    Raises:
        LimitReached: after too many mails to this address.
    """
    _ask(PASSWORD_RESET_REQUESTED, email, cause)


def verify_email(token: str, cause: Cause) -> None:
    """Take an address as proven by the token that was mailed to it.

    Raises:
        BadLink: when it is not good, or no longer.
    """
    item = _find(Purpose.VERIFY_EMAIL, token)

    def verified(user: User) -> Amendment:
        if user.email != item.bound_to:
            raise BadLink
        return Amendment(
            user=replace(user, email_verified=True),
            events=[account_event(EMAIL_VERIFIED.of({}), user.id, cause)],
            delete=[item],
        )

    _use(item, verified, cause)


def reset_password(token: str, password: SecretStr, cause: Cause) -> None:
    """Set a new password by the token that was mailed, and end every session.

    Raises:
        BadLink: when it is not good, or no longer.
    """
    item = _find(Purpose.RESET_PASSWORD, token)
    hashed = hash_password(password)

    def reset(user: User) -> Amendment:
        credentials = credentials_of(user.id) or CredentialsItem(*credentials_key(user.id), created_by=user.id)
        if item.bound_to != binding(user, credentials):
            raise BadLink
        credentials.password_hash = hashed
        return Amendment(
            user=replace(user, session_epoch=user.session_epoch + 1, email_verified=True),
            events=[account_event(PASSWORD_RESET.of({}), user.id, cause)],
            put=[credentials],
            delete=[item],
        )

    _use(item, reset, cause)


def change_password(user: User, session_id: str, passwords: PasswordChange, address: str, cause: Cause) -> None:
    """Set a new password in exchange for the current one, and end every session but this.

    Args:
        user: whose.
        session_id: the session to keep.
        passwords: the current one and the new one.
        address: where the request comes from.
        cause: the request.

    Raises:
        WrongPassword: when the current password is another.
        RateLimited: after too many wrong ones, as for signing in.
    """
    attempt = begin_own(f"password of {user.id}", address)
    credentials = credentials_of(user.id)
    if credentials is None or not verify_password(credentials.password_hash, passwords.current):
        transactions.write(put=failure_of(attempt, PASSWORD_REFUSED, user.id, cause))
        raise WrongPassword
    attempt.succeeded()
    hashed = hash_password(passwords.new)

    def change(user: User) -> Amendment:
        stored = CredentialsItem.get(*credentials_key(user.id), consistent_read=True)
        session = SessionItem.get(*session_key(user.id, session_id), consistent_read=True)
        stored.password_hash = hashed
        session.epoch = user.session_epoch + 1
        return Amendment(
            user=replace(user, session_epoch=user.session_epoch + 1),
            events=[account_event(PASSWORD_CHANGED.of({}), user.id, cause)],
            put=[stored, session],
        )

    users.amend(user.id, change, cause)


def end_all_sessions(user_id: str, cause: Cause) -> None:
    """End every session of a user, this one too."""

    def end(user: User) -> Amendment:
        told = account_event(SESSIONS_ENDED.of({}), user_id, cause)
        return Amendment(user=replace(user, session_epoch=user.session_epoch + 1), events=[told])

    users.amend(user_id, end, cause)


def binding(user: User, credentials: CredentialsItem | None) -> str:
    """Say what a reset token is bound to: the address, and the password as it was last set."""
    return f"{user.email} {(credentials.version or 0) if credentials else 0}"


def has_proven_an_address(user_id: str) -> bool:
    """Tell whether a user has ever shown an address to be its own, as far back as the outbox goes: one query."""
    events = OutboxItem.query(key("USER", user_id), OutboxItem.sk.startswith(key("EVENT", "")))
    return any(event.event_type in PROOFS for event in events)


def _ask(event_type: EventType[Nothing], email: str, cause: Cause) -> None:
    spend_mail(email)
    user_id = users.find_by_email(email) or NOBODY
    asked: OutboxItem = account_event(event_type.of({}), user_id, cause)
    transactions.write(put=[asked])


def _find(purpose: Purpose, token: str) -> OneTimeTokenItem:
    item = one_time.find(purpose, token)
    if item is None:
        raise BadLink
    return item


def _use(item: OneTimeTokenItem, edit: Callable[[User], Amendment], cause: Cause) -> None:
    """Change the user of a token and spend the token, in one transaction."""

    def checked(user: User) -> Amendment:
        if one_time.is_spent(item):
            raise BadLink
        return edit(user)

    try:
        users.amend(item.user_id, checked, cause)
    except NotFound:
        raise BadLink from None


def credentials_of(user_id: str) -> CredentialsItem | None:
    """Read how a user proves itself; None if nobody can sign in as it yet."""
    try:
        return CredentialsItem.get(*credentials_key(user_id), consistent_read=True)
    except CredentialsItem.DoesNotExist:
        return None
