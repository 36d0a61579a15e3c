"""Users by the thousand, as raw items: exactly what the services would have left behind."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import Any

from lamina.access.policy import Role
from lamina.money import Money
from lamina.posts.items import SlugItem, content_items, entry_items, post_item, slug_key
from lamina.posts.model import Content, Post
from lamina.products.items import entry_items as product_entries
from lamina.products.items import product_item, sku_item, stock_item
from lamina.products.model import Product
from lamina.settings import settings
from lamina.storage.item import Item
from lamina.users.counting import CountedItem, CounterItem, counter_key, membership
from lamina.users.items import guard_item, search_items, user_item
from lamina.users.model import Status, User

FIRST = ["Ann", "Änne", "Bob", "Chloé", "Dmitri", "Eve", "Łukasz", "Mei", "Noor", "Zoë"]
LAST = ["Anders", "Brown", "O'Neill", "Garcia", "Ivanova", "Müller", "Nguyen", "Okafor", "Smith", "Zhang"]
BATCH = 25
"""Items that one BatchWriteItem takes."""


def users(number: int, seed: int = 7) -> list[User]:
    """Return this number of users, always the same ones; one in forty is deleted."""
    chance = random.Random(seed)  # noqa: S311 (nothing secret)
    return [_user(index, chance) for index in range(number)]


def _user(index: int, chance: random.Random) -> User:
    first, last = chance.choice(FIRST), chance.choice(LAST)
    handle = f"{first[0].lower().replace('ä', 'a').replace('ł', 'l')}.{index:05}"
    instant = f"2026-{1 + index % 12:02}-{1 + index % 28:02}T10:00:{index % 60:02}.{chance.randrange(10**6):06}Z"
    return User(
        id=f"0190c6c0-{index:04x}-7000-8000-{chance.getrandbits(48):012x}",
        email=f"{handle}@{chance.choice(['example.com', 'mail.example.org'])}",
        username=handle,
        name=f"{first} {last}",
        role=chance.choices(list(Role), [1, 9, 90])[0],
        status=chance.choices(list(Status), [90, 8, 2])[0],
        created_at=instant,
        updated_at=instant,
        version=1,
        deleted_at=instant if index % 40 == 39 else None,
    )


def store(client: Any, population: Sequence[User]) -> None:
    """Write users and all that belongs to them."""
    requests = ({"PutRequest": {"Item": raw}} for raw in raw_items(population))

    def put(batch: tuple[dict[str, Any], ...]) -> None:
        left = {settings().table: list(batch)}
        while left:
            left = client.batch_write_item(RequestItems=left)["UnprocessedItems"]

    with ThreadPoolExecutor(4) as threads:
        for _ in threads.map(put, batched(requests, BATCH, strict=False)):
            pass


def raw_items(population: Sequence[User]) -> Iterator[dict[str, Any]]:
    """Yield users with their guards, search entries, markers and counters as DynamoDB keeps them."""
    for user in population:
        yield from map(_raw, _items(user))
    for post in posts(population):
        yield from map(_raw, _items_of_post(post))
    for product in products(population):
        yield from map(_raw, _items_of_product(product))
    yield from map(_raw, _counters(population))


def posts(population: Sequence[User]) -> Iterator[Post]:
    """Return a published post for every second user, all with one tag."""
    for user in population[::2]:
        yield Post(
            id=user.id.replace("0190c6c0", "0190c6c1", 1),
            author_id=user.id,
            title="A post",
            slug=f"post-{user.username.replace('.', '-')}",
            excerpt="Words, words, words. " * 10,
            tags=("news",),
            created_at=user.created_at,
            updated_at=user.created_at,
            published_at=user.created_at,
            version=1,
        )


def products(population: Sequence[User]) -> Iterator[Product]:
    """Return a product for every second user."""
    for number, user in enumerate(population[::2]):
        yield Product(
            id=user.id.replace("0190c6c0", "0190c6c2", 1),
            sku=f"MUG-{number:05}",
            name=f"Mug of {user.name}",
            description="Words, words, words. " * 10,
            price=Money(1499, "EUR"),
            created_at=user.created_at,
            updated_at=user.created_at,
            version=1,
        )


def _items_of_product(product: Product) -> Iterator[Item]:
    yield from (product_item(product), stock_item(product.id, 10), sku_item(product))
    yield from product_entries(product).values()


def _items_of_post(post: Post) -> Iterator[Item]:
    yield post_item(post)
    yield SlugItem(*slug_key(post.slug), post_id=post.id)
    yield from content_items(post, Content(source="Words", html="<p>Words</p>"))
    yield from entry_items(post).values()


def _items(user: User) -> Iterator[Item]:
    yield user_item(user)
    yield guard_item(user, "email")
    yield guard_item(user, "username")
    yield from search_items(user).values()
    counted = membership(user)
    yield CountedItem(f"USER#{user.id}", "COUNTED", bucket=counted.bucket, user_version=user.version)


def _counters(population: Sequence[User]) -> Iterator[Item]:
    amounts = Counter(membership(user).bucket for user in population)
    for bucket, amount in amounts.items():
        yield CounterItem(*counter_key(bucket), amount=amount, came=amount)


def _raw(item: Item) -> dict[str, Any]:
    return {**item.serialize(), "version": {"N": "1"}}
