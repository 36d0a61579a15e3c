"""The flags of the product, and what their rules may look at."""

from typing import Any, NamedTuple

BUCKETS = 100
BUCKET = "bucket"
"""Attribute of every evaluation with a subject: 0 to 99, always the same for a flag and a subject."""

type Flags = dict[str, dict[str, Any]]
"""Stored flags by name, in Powertools' schema."""


class Flag(NamedTuple):
    """A flag.

    Attributes:
        name: as it is stored.
        meaning: what it switches.
        attributes: of a caller or request, which rules may compare.
        default: while nothing is stored.
    """

    name: str
    meaning: str
    attributes: tuple[str, ...] = ()
    default: bool = True


REGISTRATION = Flag(
    "registration", "People may register themselves; users can always be created by an admin.", ("domain",)
)
POST_SEARCH = Flag("post_search", "Posts can be searched; lists and other reads do not depend on it.", ("role",))
FLAGS = {flag.name: flag for flag in (REGISTRATION, POST_SEARCH)}
"""Every flag. Others are refused on write, so that a misspelt name changes nothing silently."""
