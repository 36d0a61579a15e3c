"""What clients send that holds a token or a code."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from lamina.users.schemas import Email

MAX_TOKEN = 4096


type CodeText = Annotated[str, Field(min_length=1, max_length=64)]


class Input(BaseModel):
    """What takes no fields that it does not name."""

    model_config = ConfigDict(extra="forbid")


class Refresh(Input):
    """A refresh token, to be used."""

    refresh_token: SecretStr = Field(max_length=MAX_TOKEN)


class Address(Input):
    """An e-mail address, known or not."""

    email: Email


class Link(Input):
    """The token of a mailed link."""

    token: SecretStr = Field(max_length=MAX_TOKEN)


class Code(Input):
    """A code of the second factor: six digits, or a recovery code."""

    code: CodeText


class SecondFactor(Code):
    """What finishes signing in."""

    mfa_token: SecretStr = Field(max_length=MAX_TOKEN)
