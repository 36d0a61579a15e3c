"""How things are stored in the table."""

from pynamodb.attributes import UnicodeAttribute

from lamina.storage.item import Item
from lamina.storage.keys import SHARDS, key, list_partition, list_position, shard_of, value_of
from lamina.things.model import NewThing, Thing


class ThingItem(Item, discriminator="thing"):
    """A thing: `THING#<id>` / `THING`, in the list of all things by creation time."""

    name = UnicodeAttribute()


def thing_key(thing_id: str) -> tuple[str, str]:
    """Return the key of a thing."""
    return key("THING", thing_id), "THING"


def list_partitions() -> list[str]:
    """Return the partitions, in `gsi1`, of the list of all things."""
    return [list_partition("THINGS", shard=shard) for shard in range(SHARDS)]


def thing_item(thing: Thing) -> ThingItem:
    """Return the item of a thing, to be saved over the version that it was read with."""
    return ThingItem(
        *thing_key(thing.id),
        **{field: getattr(thing, field) for field in NewThing.__dataclass_fields__},
        created_at=thing.created_at,
        updated_at=thing.updated_at,
        created_by=thing.created_by,
        gsi1pk=list_partitions()[shard_of(thing.id)],
        gsisk=list_position(thing.created_at, thing.id),
    ).over(thing.version)


def to_thing(item: ThingItem) -> Thing:
    """Return the thing of an item."""
    return Thing(
        id=value_of(item.pk),
        name=item.name,
        version=int(item.version),
        created_at=item.created_at,
        updated_at=item.updated_at or item.created_at,
        created_by=item.created_by,
    )
