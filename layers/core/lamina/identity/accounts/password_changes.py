"""Set a new password: by a mailed link, or in exchange for the current one."""

from dataclasses import dataclass, replace

from pydantic import SecretStr

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


def prove_password(user_id: str, password: SecretStr, address: str, context: RequestContext) -> CredentialsItem:
    """Return the credentials of a signed-in user who has sent the right password.

    Args:
        user_id: whose.
        password: the current one, as sent.
        address: where the request comes from.
        cause: the request.

    Raises:
        WrongPassword: when it is another.
        RateLimited: after too many wrong ones, as for signing in.
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
    """The password that is, and the one that shall be."""

    current: SecretStr
    new: SecretStr


def reset_password(token: str, password: SecretStr, context: RequestContext, *, keep_api_keys: bool = False) -> None:
    """Set a new password by the token that was mailed, and end every session.

    Args:
        token: the text that was mailed.
        password: the new password.
        cause: the request.
        keep_api_keys: whether API keys, OAuth clients and webhooks outlive it; never those made before the address was
            first proven.

    Raises:
        BadLink: when it is not good, or no longer.
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
        Unauthenticated: when the session has ended, perhaps by a reset at the same time.
        Conflict: when the credentials change in another way at the same time.
    """
    credentials = prove_password(user.id, passwords.current, address, context)
    credentials.password_hash = hash_password(passwords.new)

    def change(user: User) -> Amendment:
        session = sessions.find(user, session_id)
        session.epoch = user.session_epoch + 1
        return Amendment(
            user=replace(user, session_epoch=user.session_epoch + 1),
            events=[account_event(PASSWORD_CHANGED.of({}), user.id, context)],
            # Over the version that was verified: whatever has been set since is not undone.
            put=[credentials, session],
        )

    users.amend(user.id, change, context)
