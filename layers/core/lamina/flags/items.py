"""The item of all flags."""

from pynamodb.attributes import JSONAttribute

from lamina.storage.item import Item

FLAGS_KEY = ("CONFIG#FLAGS", "FLAGS")


class FlagsItem(Item, discriminator="flags"):
    """The stored flags: `CONFIG#FLAGS` / `FLAGS`."""

    flags = JSONAttribute()
    """By name, in Powertools' schema."""
