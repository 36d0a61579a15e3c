"""Creates accounts."""

from typing import TYPE_CHECKING

from lamina.access.policy import Caller
from lamina.events.request_context import RequestContext
from lamina.flags.model import REGISTRATION
from lamina.flags.service import is_enabled
from lamina.identity.accounts.passwords import hash_password
from lamina.identity.items import CredentialsItem, credentials_key
from lamina.storage.item import Item
from lamina.users import service as users
from lamina.users.errors import RegistrationClosed
from lamina.users.model import User
from lamina.users.service import NewUser

if TYPE_CHECKING:
    from pydantic import SecretStr


def register(new: NewUser, password: "SecretStr | None", context: RequestContext, *, by: Caller | None = None) -> User:
    """Create a user with a password; without one, nobody can sign in until it is set.

    Raises:
        Conflict: `EMAIL_TAKEN` or `USERNAME_TAKEN`.
    """
    hashed = hash_password(password) if password is not None else None

    def credentials(user: User) -> list[Item]:
        if hashed is None:
            return []
        return [CredentialsItem(*credentials_key(user.id), password_hash=hashed, created_by=user.id)]

    return users.create(new, context, also=credentials, by=by)


def require_open(email: str) -> None:
    """Refuse people who may not register themselves.

    Raises:
        RegistrationClosed: if the flag `registration` is off for the address.
    """
    email = email.lower()
    if not is_enabled(REGISTRATION, email, domain=email.rpartition("@")[2]):
        raise RegistrationClosed
