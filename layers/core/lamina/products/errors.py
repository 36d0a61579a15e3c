"""Errors of products."""

from lamina.errors import Conflict, Forbidden, NotFound, RuleViolated


class ProductNotFound(NotFound):
    """The product does not exist, or it is not for sale and the caller may not know that it exists."""

    message = "The product was not found."


class SkuTaken(Conflict):
    """Another product has this SKU."""

    code = "SKU_TAKEN"
    message = "Another product has this SKU. Products keep their SKU when they are deleted."


class OutOfStock(RuleViolated):
    """There are fewer pieces in stock than are to be removed."""

    code = "OUT_OF_STOCK"
    message = "There are not enough pieces in stock."


class StockTooLarge(RuleViolated):
    """The stock would exceed its maximum."""

    code = "STOCK_TOO_LARGE"
    message = "The stock of a product cannot exceed 1,000,000,000 pieces."


CHANGE_ERRORS = (Forbidden, ProductNotFound, Conflict)
"""Every error of a request to change a product, beyond those of its input."""
