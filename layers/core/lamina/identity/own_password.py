"""The current password of somebody who is signed in, asked for once more."""

from pydantic import SecretStr

from lamina.events.catalog import PASSWORD_REFUSED
from lamina.events.cause import Cause
from lamina.identity.accounts import credentials_of
from lamina.identity.attempts import begin_own, failure_of
from lamina.identity.errors import WrongPassword
from lamina.identity.items import CredentialsItem
from lamina.identity.passwords import verify_password
from lamina.storage import transactions


def prove_password(user_id: str, password: SecretStr, address: str, cause: Cause) -> CredentialsItem:
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
    with begin_own(f"password of {user_id}", address) as attempt:
        credentials = credentials_of(user_id)
        if not verify_password(credentials.password_hash if credentials else None, password) or credentials is None:
            transactions.write(put=failure_of(attempt, PASSWORD_REFUSED, user_id, cause))
            raise WrongPassword
        attempt.succeeded()
        return credentials
