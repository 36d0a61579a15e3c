"""The words by which a product can be found, and its place in the list by name."""

from lamina.products.model import Product
from lamina.search_terms import MAX_WORD, fold, words

MAX_WORDS = 30
"""Maximum number of entries per product: a change of all of them must fit into one transaction."""


def words_of(product: Product) -> list[str]:
    """Return the words by which a product can be found: those of its SKU and its name."""
    return words([product.sku, product.name], MAX_WORDS)


def sort_name(product: Product) -> str:
    """Return the value by which the list by name is sorted: without case and accents."""
    return fold(product.name)[:MAX_WORD]
