"""What clients send that holds a password."""

from pydantic import Field

from lamina.access.policy import Role
from lamina.identity.accounts.passwords import NewPassword, TypedPassword
from lamina.identity.tokens.schemas import Address, CodeText, Input, Link
from lamina.users.model import Status
from lamina.users.schemas import NewUserFields


class Registration(NewUserFields):
    """A person who makes an account."""

    password: NewPassword


class NewUserInput(NewUserFields):
    """A user that an admin makes; without a password, nobody can sign in as it until one is set."""

    password: NewPassword | None = None
    role: Role = Role.VIEWER
    status: Status = Status.ACTIVE


class Login(Input):
    """An address and a password. Neither is checked for form: a wrong one is wrong, whatever it looks like."""

    email: str = Field(max_length=254, examples=["ada@example.com"])
    password: TypedPassword


class Reauthentication(Input):
    """The password, and a code of the second factor where one is active."""

    password: TypedPassword
    code: CodeText | None = None


class EmailChangeInput(Address):
    """The address that the account shall have, and the password."""

    current_password: TypedPassword


class PasswordReset(Link):
    """The token of a mailed link, and the password to set."""

    password: NewPassword
    keep_api_keys: bool = Field(
        default=False,
        strict=True,
        description="Whether API keys, OAuth clients and webhooks stay. They are revoked all the same when this is the "
        "first proof of the address.",
    )


class PasswordChangeInput(Input):
    """The password that is, and the one that shall be."""

    current_password: TypedPassword
    new_password: NewPassword
