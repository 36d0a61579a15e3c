"""Request and response models of orders."""

import hashlib
from collections.abc import Sequence
from typing import Annotated, NotRequired, TypedDict

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from lamina import ids
from lamina.fields import Integer, canonical_id, matching
from lamina.ids import Href, Id, Instant
from lamina.money import MoneyView
from lamina.orders.history import Entry
from lamina.orders.model import FINAL, MAX_LINES, MAX_QUANTITY, Order, OrderStatus, PaymentStatus, RejectionReason
from lamina.orders.service import NewLine, NewOrder
from lamina.storage.pages import Page

PAYMENT_METHOD = r"^[A-Za-z][A-Za-z0-9_]{0,254}$"


type ProductId = Annotated[
    str,
    BeforeValidator(canonical_id),
    Field(examples=["01890a5d-ac96-774b-bcce-b302099a8057"], json_schema_extra={"format": "uuid"}),
]
type Quantity = Annotated[Integer, Field(ge=1, le=MAX_QUANTITY, description="Pieces.", examples=[2])]
type PaymentMethod = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        description="A payment method of the payment provider, as its library in the browser returns it.",
        examples=["pm_card_visa"],
        json_schema_extra={"pattern": PAYMENT_METHOD},
    ),
    matching(PAYMENT_METHOD, "must be an id of the payment provider, like pm_card_visa"),
]


class LineInput(BaseModel):
    """A line of a new order."""

    model_config = ConfigDict(extra="forbid")

    product_id: ProductId
    quantity: Quantity


class OrderInput(BaseModel):
    """A new order."""

    model_config = ConfigDict(extra="forbid")

    lines: list[LineInput] = Field(
        min_length=1, max_length=MAX_LINES, description="Each product once, all with prices in one currency."
    )
    payment_method: PaymentMethod


class LineView(BaseModel):
    """A line of an order, with the name and the price that the product had when the order was placed."""

    model_config = ConfigDict(from_attributes=True)

    product_id: Id
    sku: str = Field(examples=["MUG-BLUE"])
    name: str = Field(examples=["Blue mug"])
    quantity: int = Field(examples=[2])
    unit_price: MoneyView
    total: MoneyView


class PaymentView(BaseModel):
    """The payment of an order."""

    model_config = ConfigDict(from_attributes=True)

    status: PaymentStatus
    method: str = Field(examples=["pm_card_visa"])
    reference: str = Field(
        description="Its id at the payment provider; empty until a payment is opened.", examples=["pi_1"]
    )


class OrderView(BaseModel):
    """An order."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    number: str = Field(description="A name of the order for people.", examples=["8K3M-0QXV-7R2T"])
    customer_id: Id
    status: OrderStatus
    lines: list[LineView]
    total: MoneyView
    payment: PaymentView
    reason: RejectionReason | None
    version: int = Field(description="Number of its events.", examples=[1])
    created_at: Instant
    updated_at: Instant


class OrderLinks(TypedDict):
    """Links of an order; `cancel` is present while it can be cancelled."""

    self: Href
    customer: Href
    history: Href
    cancel: NotRequired[Href]


class EntryView(BaseModel):
    """An event of an order, and what it left."""

    version: int = Field(description="Number of the event, from 1: the version of the order after it.", examples=[2])
    type: str = Field(examples=["stock_reserved"])
    occurred_at: Instant
    status: OrderStatus
    payment_status: PaymentStatus
    reason: RejectionReason | None


class HistoryView(BaseModel):
    """The events of an order up to an instant, and the order as it stood then."""

    as_of: Instant | None = Field(description="The instant that was asked for.")
    order: OrderView
    events: list[EntryView]


class HistoryLinks(TypedDict):
    """Links of a history."""

    self: Href
    order: Href


def new_order(body: OrderInput) -> NewOrder:
    """Return the properties of a new order."""
    lines = [NewLine(line.product_id, line.quantity) for line in body.lines]
    return NewOrder(lines=lines, payment_method=body.payment_method)


def view(order: Order) -> OrderView:
    """Return the response model of an order."""
    return OrderView.model_validate(order)


def etag(order: Order) -> str:
    """Return the entity tag of an order."""
    return ids.etag(order.id, order.version)


def page_etag(page: Page[Order]) -> str:
    """Return the entity tag of a page of orders."""
    parts = [*map(etag, page.items), str(page.has_more), str(page.has_previous)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def links(order: Order) -> OrderLinks:
    """Return the links of an order."""
    itself = f"/v1/orders/{order.id}"
    found: OrderLinks = {
        "self": itself,
        "customer": f"/v1/users/{order.customer_id}",
        "history": f"{itself}/history",
    }
    return found if order.status in FINAL else {**found, "cancel": f"{itself}/cancel"}


def history_view(entries: Sequence[Entry], as_of: str | None) -> HistoryView:
    """Return the response model of a history with at least one event."""
    events = [
        EntryView(
            version=entry.order.version,
            type=entry.name,
            occurred_at=entry.event.at,
            status=entry.order.status,
            payment_status=entry.order.payment.status,
            reason=entry.order.reason,
        )
        for entry in entries
    ]
    return HistoryView(as_of=as_of, order=view(entries[-1].order), events=events)


def history_links(order: Order) -> HistoryLinks:
    """Return the links of a history."""
    itself = f"/v1/orders/{order.id}"
    return {"self": f"{itself}/history", "order": itself}
