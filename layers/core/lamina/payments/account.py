"""Our account at the payment provider."""

from functools import cache
from typing import TYPE_CHECKING

from lamina.payments import secret
from lamina.payments.stripe import Stripe
from lamina.settings import settings

if TYPE_CHECKING:
    from lamina.payments.provider import PaymentProvider


def provider() -> "PaymentProvider":
    """Return the provider of this stack's payments."""
    return _stripe(settings().payment_url, secret.read("api_key"))


@cache
def _stripe(url: str, api_key: str) -> Stripe:
    return Stripe(url, api_key)
