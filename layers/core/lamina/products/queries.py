"""Queries of the list of products."""

from dataclasses import dataclass
from typing import Literal

from lamina.access.policy import Action, Caller, may
from lamina.errors import Invalid, Problem
from lamina.products.items import CREATED
from lamina.products.model import Product, State
from lamina.search_terms import terms

type ProductSort = Literal["created_at", "-created_at", "name", "-name", "sku", "-sku"]
"""Sort orders supported by an index; `-` for descending."""


@dataclass(frozen=True, kw_only=True)
class ProductQuery:
    """A query of the list of products.

    Attributes:
        states: only products in these states; the list contains nothing if there are none.
        search: only products with words that start with each of its terms; sorts by the matching word.
        sort: `created_at`, `name` or `sku`.
        descending: the order.
        filters: the query parameters that were sent, for links.
    """

    states: tuple[State, ...] = (State.ACTIVE,)
    search: str = ""
    sort: str = CREATED
    descending: bool = True
    filters: dict[str, str]

    @property
    def audience(self) -> str:
        """Which list it is, so that a cursor of one list is not valid for another."""
        return ",".join(self.states)

    def includes(self, product: Product) -> bool:
        """Return whether a product, as it is now, matches the filters; search terms are not checked."""
        return product.state in self.states


def product_query(
    caller: Caller | None,
    *,
    active: bool | None = None,
    search: str | None = None,
    sort: ProductSort | None = None,
    page: int | None = None,
) -> ProductQuery:
    """Return the query of a caller, or of somebody who is not signed in.

    Products that are not for sale are listed to callers who may write products only.

    Args:
        caller: the caller.
        active: only products that are, or are not, for sale.
        search: search text.
        sort: requested order.
        page: requested page number.

    Raises:
        Invalid: if no index supports the combination; the message names the parameters.
    """
    requested = {"active": None if active is None else str(active).lower(), "search": search, "sort": sort}
    problems = [
        Problem(field, advice)
        for field, wrong, advice in (
            ("sort", search and sort, "cannot be combined with search"),
            ("page", search and page, "cannot be combined with search; use cursor"),
            ("search", search and not terms(search), "must contain a letter or a digit"),
        )
        if wrong
    ]
    if problems:
        raise Invalid(details=problems)
    order = sort or f"-{CREATED}"
    visible = tuple(State) if caller is not None and may(caller, Action.PRODUCT_READ_INACTIVE) else (State.ACTIVE,)
    return ProductQuery(
        states=tuple(state for state in visible if active is None or active == (state == State.ACTIVE)),
        search=search or "",
        sort=order.lstrip("-"),
        descending=order.startswith("-") and not search,
        filters={name: value for name, value in requested.items() if value is not None},
    )
