"""Sets a new password, given a mailed token or the current password."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lamina.events.catalog import PASSWORD_CHANGED, PASSWORD_REFUSED, PASSWORD_RESET
from lamina.events.request_context import RequestContext
from lamina.identity.accounts import service as accounts
from lamina.identity.accounts.address_proof import prove_address, revoke_credentials
from lamina.identity.accounts.passwords import hash_password, verify_password
from lamina.identity.accounts.service import credentials_of
from lamina.identity.errors import BadLink, WrongPassword
from lamina.identity.items import CredentialsItem, credentials_key
from lamina.identity.security_events import account_event
from lamina.identity.sessions import service as sessions
from lamina.identity.sessions.login_attempts import failure_of, own_attempt
from lamina.identity.tokens import email_links
from lamina.identity.tokens.one_time_tokens import Purpose
from lamina.storage import transactions
from lamina.users import service as users
from lamina.users.model import User
from lamina.users.service import Amendment

if TYPE_CHECKING:
    from pydantic import SecretStr


def prove_password(user_id: str, password: "SecretStr", address: str, context: RequestContext) -> CredentialsItem:
    """Return the credentials of a signed-in user after verifying the password.

    Args:
        user_id: the user.
        password: the current password as sent.
        address: client IP address.
        context: the request.

    Raises:
        WrongPassword: if the password is wrong.
        RateLimited: after too many wrong passwords, as for sign-ins.
    """
    with own_attempt(f"password of {user_id}", address) as attempt:
        credentials = credentials_of(user_id)
        if not verify_password(credentials.password_hash if credentials else None, password) or credentials is None:
            transactions.write(put=failure_of(attempt, PASSWORD_REFUSED, user_id, context))
            raise WrongPassword
        attempt.succeeded()
        return credentials


@dataclass(frozen=True)
class PasswordChange:
    """The current password and the new one."""

    current: "SecretStr"
    new: "SecretStr"


def reset_password(token: str, password: "SecretStr", context: RequestContext, *, keep_api_keys: bool = False) -> None:
    """Set a new password with the mailed token, and end every session.

    Args:
        token: the mailed token.
        password: the new password.
        context: the request.
        keep_api_keys: whether to keep API keys, OAuth clients and webhooks; those created before the address was
            verified are always revoked.

    Raises:
        BadLink: if the token is invalid or expired.
    """
    item = email_links.find(Purpose.RESET_PASSWORD, token)
    hashed = hash_password(password)

    def reset(user: User) -> Amendment:
        credentials = accounts.credentials_of(user.id) or CredentialsItem(*credentials_key(user.id), created_by=user.id)
        if item.bound_to != accounts.binding(user, credentials):
            raise BadLink
        credentials.password_hash = hashed
        event = account_event(PASSWORD_RESET.of({}), user.id, context)
        return replace(_proven_by_reset(user, keep_api_keys), events=[event], put=[credentials], delete=[item])

    email_links.use(item, reset, context)


def _proven_by_reset(user: User, keep_api_keys: bool) -> Amendment:
    if not user.email_verified:
        return prove_address(user)
    if keep_api_keys:
        return Amendment(user=replace(user, session_epoch=user.session_epoch + 1))
    return Amendment(user=revoke_credentials(user))


def change_password(
    user: User, session_id: str, passwords: PasswordChange, address: str, context: RequestContext
) -> None:
    """Set a new password, given the current one, and end every other session.

    Args:
        user: the user.
        session_id: the session to keep.
        passwords: the current password and the new one.
        address: client IP address.
        context: the request.

    Raises:
        WrongPassword: if the current password is wrong.
        RateLimited: after too many wrong passwords, as for sign-ins.
        Unauthenticated: if the session has ended, for example by a concurrent reset.
        Conflict: if the credentials are changed concurrently.
    """
    credentials = prove_password(user.id, passwords.current, address, context)
    credentials.password_hash = hash_password(passwords.new)

    def change(user: User) -> Amendment:
        session = sessions.find(user, session_id)
        session.epoch = user.session_epoch + 1
        return Amendment(
            user=replace(user, session_epoch=user.session_epoch + 1),
            events=[account_event(PASSWORD_CHANGED.of({}), user.id, context)],
            # Conditional on the version that was verified: a concurrent change is not overwritten.
            put=[credentials, session],
        )

    users.amend(user.id, change, context)
