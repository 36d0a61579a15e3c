"""The products of the demo, and their creation through the service that the endpoints call."""

from dataclasses import dataclass

from lamina import ids
from lamina.access.policy import Caller, session_scopes
from lamina.events.request_context import RequestContext
from lamina.money import Money
from lamina.products import repository, service
from lamina.products.errors import SkuTaken
from lamina.products.model import NewProduct
from lamina.users import service as users
from local.seed.people import ADMIN


@dataclass(frozen=True)
class DemoProduct:
    """A demo product; `cents` of a euro, unless another currency is given."""

    sku: str
    name: str
    cents: int
    stock: int
    description: str = ""
    currency: str = "EUR"
    active: bool = True


PRODUCTS = (
    DemoProduct("MUG-BLUE", "Blue mug", 1499, 120, "Stoneware, 300 ml. Dishwasher safe."),
    DemoProduct("MUG-RED", "Red mug", 1499, 80, "Stoneware, 300 ml. Dishwasher safe."),
    DemoProduct("MUG-XL", "Mug for long mornings", 1899, 40, "Stoneware, 600 ml."),
    DemoProduct("CUP-ESP-2", "Espresso cups, set of two", 1799, 60),
    DemoProduct("TEAPOT-1L", "Teapot, 1 litre", 3490, 25, "Cast iron, with a strainer."),
    DemoProduct("KETTLE-GN", "Gooseneck kettle", 5990, 18, "For filter coffee. 0.8 litres."),
    DemoProduct("GRINDER-H", "Hand grinder", 7900, 12, "Conical steel burrs, 30 grams."),
    DemoProduct("FILTER-02-100", "Paper filters, size 02, 100 pieces", 590, 400),
    DemoProduct("BEANS-250", "Kaffeebohnen «Zürichsee», 250 g", 1190, 150, "Milde Röstung."),
    DemoProduct("BEANS-1000", "Kaffeebohnen «Zürichsee», 1 kg", 3990, 60, "Milde Röstung."),
    DemoProduct("TEA-SENCHA", "煎茶 Sencha, 100 g", 1650, 70),
    DemoProduct("TEA-EARL", "Earl Grey, 100 g", 990, 90),
    DemoProduct("BOARD-OAK", "Oak cutting board", 4490, 30, "Oiled, 40 × 25 cm."),
    DemoProduct("KNIFE-BREAD", "Couteau à pain", 5490, 22, "Lame de 24 cm."),
    DemoProduct("APRON-LINEN", "Linen apron", 3290, 45),
    DemoProduct("TOWEL-3", "Tea towels, set of three", 1990, 75),
    DemoProduct("BOWL-S", "Bowl, small", 1290, 100),
    DemoProduct("BOWL-L", "Bowl, large", 1990, 65),
    DemoProduct("PLATE-27", "Plate, 27 cm", 1690, 110),
    DemoProduct("JAR-500", "Storage jar, 500 ml", 890, 140, "Glass with a cork lid."),
    DemoProduct("SCALE-01", "Kitchen scale, 0.1 g", 3990, 20),
    DemoProduct("THERMO-1", "Probe thermometer", 2490, 35),
    DemoProduct("LAMP-DESK", "Desk lamp", 8900, 9, "Warm light, dimmable."),
    DemoProduct("CANDLE-6", "Beeswax candles, six", 1590, 55),
    DemoProduct("NOTEBOOK-A5", "Notebook A5, dotted", 1390, 200),
    DemoProduct("PEN-BLACK", "Pen, black", 290, 500),
    DemoProduct("BAG-TOTE", "Tote bag", 1190, 0, "Organic cotton. Back soon."),
    DemoProduct("GIFT-BOX", "Gift box", 450, 300),
    DemoProduct("STICKER-US", "Sticker pack", 500, 250, "Priced in US dollars.", currency="USD"),
    DemoProduct("MUG-2025", "Mug of the year 2025", 1799, 3, "Not for sale any more.", active=False),
)


def settle(product: DemoProduct) -> bool:
    """Create a product; return False if its SKU is taken or the administrator is missing."""
    admin_id = users.find_by_email(ADMIN.email)
    if not admin_id or repository.id_of(product.sku):
        return False
    admin = users.get(admin_id)
    caller = Caller(admin.id, admin.role, "", session_scopes(admin.role), session_epoch=admin.session_epoch)
    new = NewProduct(
        sku=product.sku,
        name=product.name,
        description=product.description,
        price=Money(product.cents, product.currency),
        stock=product.stock,
        active=product.active,
    )
    try:
        service.create(new, RequestContext(admin.id, f"seed-{ids.new_id()}"), by=caller)
    except SkuTaken:
        return False
    return True
