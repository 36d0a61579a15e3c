"""Table items of users: the user, its two guards, its search entries, and its positions in lists."""

from functools import partial
from itertools import product

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from lamina.access.policy import Role
from lamina.storage.item import Item
from lamina.storage.keys import SHARDS, key, list_partition, list_position, shard_of, value_of
from lamina.storage.transactions import Update
from lamina.users.model import DEFAULT_LOCALE, Status, User
from lamina.users.search_terms import email_words, public_words

SCHEMA_VERSION = 2
LIST = "USERS"
DELETED = "deleted"
INDEXES = {(False, False): "gsi1", (True, False): "gsi2", (False, True): "gsi3", (True, True): "gsi4"}
"""The index of a list by creation time, by whether it is filtered by role and by status."""


class UserItem(Item, discriminator="user"):
    """A user: `USER#<id>` / `USER`.

    Version 2 of the schema has `locale`. An item of version 1 is read with the default, and the next write, or the
    migration, stores it.
    """

    email = UnicodeAttribute()
    username = UnicodeAttribute()
    name = UnicodeAttribute()
    role = UnicodeAttribute()
    status = UnicodeAttribute()
    age = NumberAttribute(null=True)
    locale = UnicodeAttribute(default=DEFAULT_LOCALE)
    email_verified = BooleanAttribute(default=False)
    metadata = JSONAttribute()
    avatar_url = UnicodeAttribute(null=True)
    deleted_at = UnicodeAttribute(null=True)
    last_avatar = UnicodeAttribute(null=True)
    session_epoch = NumberAttribute(default=0)
    credential_epoch = NumberAttribute(default=0)
    demotions = JSONAttribute(null=True)


class GuardItem(Item, discriminator="guard"):
    """Reserves a unique value for a user: `EMAIL#<address>` or `USERNAME#<name>` / `GUARD`.

    It also represents the user in the lists that are sorted by its value: that of all users, and that of its role and
    status. A list filtered by one of the two is merged from the latter, which saves a guard two of four index entries.

    With `expires_at` it only reserves a value that the user had and may restore; lookups ignore it.
    """

    user_id = UnicodeAttribute()


class SearchItem(Item, discriminator="user_search"):
    """A search entry of a user: `SEARCH#<list>#<shard>` / `<word>#<id>`. It is never changed."""

    def entry(self) -> Update:
        """Return the update that writes it, whether or not it exists."""
        kind, since = SearchItem.kind.set(SearchItem), SearchItem.created_at.set(self.created_at)
        return self, [kind, SearchItem.schema_version.set(1), since]


def user_key(user_id: str) -> tuple[str, str]:
    """Return the key of a user."""
    return key("USER", user_id), "USER"


def guard_key(field: str, value: str) -> tuple[str, str]:
    """Return the key of the guard of `email` or `username`."""
    return key(field.upper(), value), "GUARD"


def search_partitions(words: str) -> list[str]:
    """Return the partitions of a search list: `public` or `email`."""
    return [list_partition("SEARCH", LIST, words, shard=shard) for shard in range(SHARDS)]


def list_partitions(sort: str, *, role: str = "", status: str = "", deleted: bool = False) -> tuple[str, list[str]]:
    """Return the index and the partitions of a list.

    Args:
        sort: `created_at`, `email` or `username`.
        role: only users with this role.
        status: only users with this status.
        deleted: soft-deleted users instead; cannot be combined with the other filters.
    """
    if sort != "created_at" and bool(role) != bool(status):
        combined = product([role] if role else list(Role), [status] if status else list(Status), range(SHARDS))
        return "gsi4", [list_partition(LIST, sort, its, in_, shard=shard) for its, in_, shard in combined]
    filters = [DELETED] if deleted else [part for part in (role, status) if part]
    index = "gsi1" if deleted else INDEXES[bool(role), bool(status)]
    return index, [list_partition(LIST, sort, *filters, shard=shard) for shard in range(SHARDS)]


def user_item(user: User) -> UserItem:
    """Return the item of a user, to be saved conditional on the version that was read."""
    item = UserItem(
        *user_key(user.id),
        schema_version=SCHEMA_VERSION,
        email=user.email,
        username=user.username,
        name=user.name,
        role=user.role,
        status=user.status,
        age=user.age,
        locale=user.locale,
        email_verified=user.email_verified,
        metadata=user.metadata,
        avatar_url=user.avatar_url,
        deleted_at=user.deleted_at,
        last_avatar=user.last_avatar or None,
        session_epoch=user.session_epoch,
        credential_epoch=user.credential_epoch,
        demotions=user.demotions or None,
        created_at=user.created_at,
        updated_at=user.updated_at,
        created_by=user.created_by,
    ).over(user.version)
    _list(item, user)
    return item


def guard_item(user: User, field: str) -> GuardItem:
    """Return a new guard of `email` or `username`."""
    value: str = getattr(user, field)
    guard = GuardItem(*guard_key(field, value), user_id=user.id, created_by=user.created_by)
    place_guard(guard, user)
    return guard


def place_guard(guard: GuardItem, user: User) -> None:
    """Set the lists that contain a guard to those of its user; deleted users are listed by creation time only."""
    kind, _, value = guard.pk.partition("#")
    partition = partial(list_partition, LIST, kind.lower(), shard=shard_of(user.id))
    listed = not user.deleted_at
    guard.gsi1pk = partition() if listed else None
    guard.gsi2pk = guard.gsi3pk = None
    guard.gsi4pk = partition(user.role, user.status) if listed else None
    guard.gsisk = list_position(value, user.id) if listed else None


def reserve(guard: GuardItem, until: int) -> None:
    """Set a guard to only reserve its value until a Unix time."""
    guard.expires_at = until
    guard.gsi1pk = guard.gsi2pk = guard.gsi3pk = guard.gsi4pk = guard.gsisk = None


def search_items(user: User) -> dict[tuple[str, str], SearchItem]:
    """Return the search entries of a user, by key; a deleted user has none."""
    if user.deleted_at:
        return {}
    shard = shard_of(user.id)
    lists = {"public": public_words(user), "email": email_words(user)}
    items = [
        SearchItem(list_partition("SEARCH", LIST, name, shard=shard), list_position(word, user.id))
        for name, words in lists.items()
        for word in words
    ]
    return {(item.pk, item.sk): item for item in items}


def to_user(item: UserItem) -> User:
    """Return the user of an item."""
    return User(
        id=value_of(item.pk),
        email=item.email,
        username=item.username,
        name=item.name,
        role=Role(item.role),
        status=Status(item.status),
        age=_whole(item.age),
        locale=item.locale,
        email_verified=item.email_verified,
        metadata=item.metadata,
        avatar_url=item.avatar_url,
        version=int(item.version),
        created_at=item.created_at,
        updated_at=item.updated_at or item.created_at,
        created_by=item.created_by,
        deleted_at=item.deleted_at,
        last_avatar=item.last_avatar or "",
        session_epoch=int(item.session_epoch),
        credential_epoch=int(item.credential_epoch or 0),
        demotions={Role(role): int(epoch) for role, epoch in (item.demotions or {}).items()},
    )


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _list(item: UserItem, user: User) -> None:
    """Set the index keys of a user: the lists by creation time that contain it."""
    partition = partial(list_partition, LIST, "created_at", shard=shard_of(user.id))
    item.gsisk = list_position(user.created_at, user.id)
    if user.deleted_at:
        item.gsi1pk = partition(DELETED)
        return
    item.gsi1pk, item.gsi2pk, item.gsi3pk = partition(), partition(user.role), partition(user.status)
    item.gsi4pk = partition(user.role, user.status)
