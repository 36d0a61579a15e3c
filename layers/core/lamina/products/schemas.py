"""Request and response models of products."""

import hashlib
from typing import Annotated, TypedDict

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lamina import ids
from lamina.fields import LINE_ADVICE, OPTIONAL_TEXT, TEXT_ADVICE, VISIBLE_LINE, Boolean, Integer, matching
from lamina.ids import Href, Id, Instant
from lamina.money import Money, MoneyChange, MoneyInput, MoneyView
from lamina.products.model import MAX_STOCK, NewProduct, StockedProduct
from lamina.products.parameters import MAX_SKU
from lamina.storage.pages import Page

SKU = rf"^[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_SKU - 1}}}$"


def _not_zero(change: int) -> int:
    if not change:
        raise ValueError("must not be 0")
    return change


type Sku = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_SKU,
        description="Stock keeping unit. Unique without regard to case; it cannot be changed.",
        examples=["MUG-BLUE"],
        json_schema_extra={"pattern": SKU},
    ),
    matching(SKU, "must have 1 to 64 of the characters A-Z, a-z, 0-9, . _ and -, and begin with a letter or a digit"),
]
type ProductName = Annotated[
    str,
    Field(min_length=1, max_length=200, examples=["Blue mug"], json_schema_extra={"pattern": VISIBLE_LINE}),
    matching(VISIBLE_LINE, LINE_ADVICE),
]
type ProductDescription = Annotated[
    str,
    Field(
        max_length=2000,
        description="Plain text.",
        examples=["Stoneware, 300 ml."],
        json_schema_extra={"pattern": OPTIONAL_TEXT},
    ),
    matching(OPTIONAL_TEXT, TEXT_ADVICE),
]
type Active = Annotated[Boolean, Field(description="Whether the product is for sale.")]
type Pieces = Annotated[Integer, Field(ge=0, le=MAX_STOCK, description="Pieces in stock.", examples=[25])]
type StockChange = Annotated[
    Integer,
    Field(
        ge=-MAX_STOCK,
        le=MAX_STOCK,
        description="Pieces to add; negative to remove them.",
        examples=[10],
        json_schema_extra={"not": {"const": 0}},
    ),
    AfterValidator(_not_zero),
]
type Reason = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        description="Why, for the stock ledger.",
        examples=["Delivery 4711"],
        json_schema_extra={"pattern": VISIBLE_LINE},
    ),
    matching(VISIBLE_LINE, LINE_ADVICE),
]


class ProductInput(BaseModel):
    """A new product."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    name: ProductName
    description: ProductDescription = ""
    price: MoneyInput
    stock: Pieces = 0
    active: Active = True


class ProductChange(BaseModel):
    """A partial product, for PATCH (RFC 7396). Omitted fields are kept."""

    model_config = ConfigDict(extra="forbid")

    name: ProductName = ""
    description: ProductDescription = ""
    price: MoneyChange = Field(default_factory=MoneyChange)
    active: Active = True


class StockChangeInput(BaseModel):
    """A change of stock."""

    model_config = ConfigDict(extra="forbid")

    change: StockChange
    reason: Reason


class ProductView(BaseModel):
    """A product with its stock."""

    id: Id
    sku: str = Field(examples=["MUG-BLUE"])
    name: str = Field(examples=["Blue mug"])
    description: str = Field(examples=["Stoneware, 300 ml."])
    price: MoneyView
    stock: int = Field(description="Pieces that can be ordered.", examples=[25])
    active: bool
    version: int = Field(description="Number of changes, without those of the stock.", examples=[1])
    created_at: Instant
    updated_at: Instant


class ProductLinks(TypedDict):
    """Links of a product."""

    self: Href
    collection: Href


def new_product(body: ProductInput) -> NewProduct:
    """Return the properties of a new product."""
    return NewProduct(
        sku=body.sku,
        name=body.name,
        description=body.description,
        price=Money(body.price.amount, body.price.currency),
        stock=body.stock,
        active=body.active,
    )


def view(found: StockedProduct) -> ProductView:
    """Return the response model of a product."""
    product = found.product
    return ProductView(
        id=product.id,
        sku=product.sku,
        name=product.name,
        description=product.description,
        price=MoneyView.model_validate(product.price),
        stock=found.stock.available,
        active=product.active,
        version=product.version,
        created_at=product.created_at,
        updated_at=product.updated_at,
    )


def etag(found: StockedProduct) -> str:
    """Return the entity tag of a product: its version, and that of its stock, which `If-Match` ignores."""
    return f"{ids.etag(found.product.id, found.product.version)}.{found.stock.version}"


def page_etag(page: Page[StockedProduct]) -> str:
    """Return the entity tag of a page of products."""
    parts = [*map(etag, page.items), str(page.has_more), str(page.has_previous)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def links(found: StockedProduct) -> ProductLinks:
    """Return the links of a product."""
    return {"self": f"/v1/products/{found.product.id}", "collection": "/v1/products"}
