"""Money: integer amounts of the minor unit of a currency."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lamina.currencies import DIGITS
from lamina.fields import Integer

MAX_AMOUNT = 99_999_999
"""Maximum amount of a price: payment providers accept eight digits (Stripe API, PaymentIntent.amount)."""


@dataclass(frozen=True)
class Money:
    """An amount of money.

    Attributes:
        amount: integer of minor units, such as cents.
        currency: code of ISO 4217.
    """

    amount: int
    currency: str

    def times(self, quantity: int) -> "Money":
        """Return a multiple."""
        return Money(self.amount * quantity, self.currency)


def _known(code: str) -> str:
    if code not in DIGITS:
        raise ValueError("must be the code of a currency that has a minor unit (ISO 4217), like EUR")
    return code


type Amount = Annotated[
    Integer,
    Field(
        ge=0,
        le=MAX_AMOUNT,
        description="Integer of minor units: 1999 is 19.99 EUR, and 1999 JPY.",
        examples=[1999],
    ),
]
type Currency = Annotated[
    str,
    Field(
        description="Code of a currency that has a minor unit (ISO 4217).",
        examples=["EUR"],
        json_schema_extra={"pattern": r"^[A-Z]{3}$"},
    ),
    AfterValidator(_known),
]


class MoneyInput(BaseModel):
    """An amount of money."""

    model_config = ConfigDict(extra="forbid")

    amount: Amount
    currency: Currency


class MoneyChange(BaseModel):
    """A partial amount of money, for PATCH (RFC 7396). Omitted fields are kept."""

    model_config = ConfigDict(extra="forbid")

    amount: Amount = 0
    currency: Currency = ""


class MoneyView(BaseModel):
    """An amount of money."""

    model_config = ConfigDict(from_attributes=True)

    amount: int = Field(description="Integer of minor units, such as cents.", examples=[1999])
    currency: str = Field(description="ISO 4217.", examples=["EUR"])
