"""Request models that contain a password."""

from pydantic import Field

from lamina.access.policy import Role
from lamina.identity.accounts.passwords import NewPassword, TypedPassword
from lamina.identity.tokens.schemas import Address, CodeText, Input, Link
from lamina.users.model import Status
from lamina.users.schemas import NewUserFields


class Registration(NewUserFields):
    """The body to create one's own account."""

    password: NewPassword


class NewUserInput(NewUserFields):
    """The body to create a user as an admin. Without a password, nobody can sign in until one is set."""

    password: NewPassword | None = None
    role: Role = Role.VIEWER
    status: Status = Status.ACTIVE


class Login(Input):
    """An address and a password. Their format is not validated: invalid values fail like wrong ones."""

    email: str = Field(max_length=254, examples=["ada@example.com"])
    password: TypedPassword


class Reauthentication(Input):
    """The password, and a code if a second factor is active."""

    password: TypedPassword
    code: CodeText | None = None


class EmailChangeInput(Address):
    """The new e-mail address, and the current password."""

    current_password: TypedPassword


class PasswordReset(Link):
    """The token of a mailed link, and the new password."""

    password: NewPassword
    keep_api_keys: bool = Field(
        default=False,
        strict=True,
        description="Whether to keep API keys, OAuth clients and webhooks. They are always revoked if the address had "
        "not been verified before.",
    )


class PasswordChangeInput(Input):
    """The current password and the new one."""

    current_password: TypedPassword
    new_password: NewPassword
