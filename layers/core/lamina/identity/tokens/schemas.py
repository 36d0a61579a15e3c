"""Request models that contain a token or a code."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from lamina.users.schemas import Email

MAX_TOKEN = 4096


type CodeText = Annotated[str, Field(min_length=1, max_length=64)]


class Input(BaseModel):
    """Base of request models: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Refresh(Input):
    """A refresh token to exchange."""

    refresh_token: SecretStr = Field(max_length=MAX_TOKEN)


class Address(Input):
    """An e-mail address, whether or not an account with it exists."""

    email: Email


class Link(Input):
    """The token of a mailed link."""

    token: SecretStr = Field(max_length=MAX_TOKEN)


class Code(Input):
    """A code of the second factor: six digits, or a recovery code."""

    code: CodeText


class SecondFactor(Code):
    """The second step of a sign-in: the token of the first step and a code."""

    mfa_token: SecretStr = Field(max_length=MAX_TOKEN)
