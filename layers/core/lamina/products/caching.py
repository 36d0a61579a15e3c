"""What is cached of products: which ones stand on the first page of a list, for a few seconds.

Each product is read from the table all the same, so that what is not for sale is not shown, and prices and stocks are
the present ones. A product by its id is not cached: it is one read of two small items, of which one is the stock.
"""

from typing import Any

from lamina.cache import Codec, cached, invalidate
from lamina.products.items import list_partitions
from lamina.products.model import State
from lamina.storage.sharded_list import Chunk, Source, read

SECONDS = 5
"""How long a new product may be missing on a cached page."""


def _to_json(chunk: Chunk[str]) -> list[Any]:
    return [chunk.items, chunk.more]


def _from_json(stored: Any) -> Chunk[str]:  # noqa: ANN401 (whatever is stored)
    positions, more = stored
    first, last = (positions[0], positions[-1]) if positions else ("", "")
    return Chunk(positions, first, last, more=more)


@cached("product_list", codec=Codec(_to_json, _from_json), seconds=SECONDS)
def first_page(sort: str, descending: bool, limit: int) -> Chunk[str]:
    """Return the positions of the first products for sale: a query per shard."""
    return read(Source("gsi1", list_partitions(sort, State.ACTIVE)), limit, descending=descending)


def forget_lists() -> None:
    """Forget every list, after a product was created or changed."""
    invalidate("product_list:*")
