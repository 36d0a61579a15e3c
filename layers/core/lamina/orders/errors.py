"""Errors of orders."""

from lamina.errors import NotFound, RuleViolated


class OrderNotFound(NotFound):
    """The order does not exist, or the caller may not know that it does."""

    message = "The order was not found."


class InvalidTransition(RuleViolated):
    """The order is not in a state in which this is possible."""

    code = "INVALID_TRANSITION"
    message = "This is not possible in the current state of the order."


class ProductUnavailable(RuleViolated):
    """A product of the order does not exist, or it is not for sale."""

    code = "PRODUCT_UNAVAILABLE"
    message = "Some products do not exist or are not for sale. See details."


class CurrenciesMixed(RuleViolated):
    """The products of the order have prices in different currencies."""

    code = "CURRENCIES_MIXED"
    message = "All products of an order must have prices in the same currency. See details."


class TotalTooLarge(RuleViolated):
    """The total exceeds what payment providers accept."""

    code = "TOTAL_TOO_LARGE"
    message = "The total of an order cannot exceed 99,999,999 minor units."
