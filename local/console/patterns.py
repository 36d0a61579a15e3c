"""The access patterns of the table that the console offers: each is a query, none is a scan."""

from collections.abc import Callable
from dataclasses import dataclass

SHARDS = 4
"""As `lamina.storage.keys.SHARDS`: the partitions of a list."""


@dataclass(frozen=True)
class Pattern:
    """A way to read items.

    Attributes:
        group: the entity that it is about.
        title: what it returns.
        field: what is asked for; `""` if nothing is.
        index: of the table; `""` for the table itself.
        partitions: returns the partition keys for what was asked for.
        position: what sort keys begin with.
        newest: whether the last sort keys come first.
        guide: an example of the field.
    """

    group: str
    title: str
    field: str
    index: str
    partitions: Callable[[str], list[str]]
    position: str = ""
    newest: bool = False
    guide: str = ""


def _shards(name: str) -> Callable[[str], list[str]]:
    return lambda value: [f"{name.format(value)}#{shard}" for shard in range(SHARDS)]


def _one(name: str) -> Callable[[str], list[str]]:
    return lambda value: [name.format(value)]


PATTERNS: dict[str, Pattern] = {
    "users": Pattern("Users", "Newest users", "", "gsi1", _shards("USERS#created_at"), newest=True),
    "users-by-role": Pattern(
        "Users", "Users with a role", "Role", "gsi2", _shards("USERS#created_at#{}"), newest=True, guide="admin"
    ),
    "users-by-status": Pattern(
        "Users", "Users in a status", "Status", "gsi3", _shards("USERS#created_at#{}"), newest=True, guide="active"
    ),
    "user": Pattern("Users", "Everything of a user", "User id", "", _one("USER#{}")),
    "user-by-email": Pattern(
        "Users", "The guard of an e-mail address", "E-mail address", "", _one("EMAIL#{}"), guide="admin@lamina.test"
    ),
    "user-by-name": Pattern("Users", "The guard of a username", "Username", "", _one("USERNAME#{}"), guide="admin"),
    "sessions": Pattern("Users", "Sessions of a user", "User id", "", _one("USER#{}"), "SESSION#"),
    "owned": Pattern("Users", "Credentials that a user owns", "User id", "gsi4", _one("OWNER#{}")),
    "posts": Pattern("Posts", "Newest published posts", "", "gsi1", _shards("POSTS#created_at#public#"), newest=True),
    "posts-by-tag": Pattern(
        "Posts", "Posts with a tag", "Tag", "gsi1", _shards("POSTS#created_at#public#{}"), newest=True, guide="guide"
    ),
    "post": Pattern("Posts", "Everything of a post", "Post id", "", _one("POST#{}")),
    "post-by-slug": Pattern("Posts", "The guard of a slug", "Slug", "", _one("SLUG#{}")),
    "term": Pattern("Posts", "Posts with a word, best first", "Stemmed word", "", _one("TERM#{}")),
    "products": Pattern(
        "Products", "Newest active products", "", "gsi1", _shards("PRODUCTS#created_at#active"), newest=True
    ),
    "products-by-name": Pattern("Products", "Active products by name", "", "gsi1", _shards("PRODUCTS#name#active")),
    "product": Pattern("Products", "Everything of a product", "Product id", "", _one("PRODUCT#{}")),
    "orders": Pattern("Orders", "Newest orders", "", "gsi1", _shards("ORDERS#all"), newest=True),
    "orders-by-status": Pattern(
        "Orders", "Orders in a status", "Status", "gsi2", _shards("ORDERS#{}"), newest=True, guide="confirmed"
    ),
    "orders-of-customer": Pattern(
        "Orders", "Orders of a customer", "User id", "gsi3", _one("ORDERS#customer#{}"), newest=True
    ),
    "order": Pattern("Orders", "Everything of an order", "Order id", "", _one("ORDER#{}")),
    "job": Pattern("Jobs", "A job", "Job id", "", _one("JOB#{}")),
    "webhook": Pattern("Webhooks", "A webhook and its deliveries", "Webhook id", "", _one("WEBHOOK#{}")),
    "connection": Pattern("Realtime", "A connection", "Connection id", "", _one("CONNECTION#{}")),
    "topic": Pattern("Realtime", "Subscriptions of a topic", "Topic", "", _one("TOPIC#{}")),
}
"""By the name in the address."""
