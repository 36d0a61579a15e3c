"""What an access pattern is, and the world in which it is measured."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lamina.users.model import User
from tests.support.aws import Api


@dataclass
class World:
    """Who is there: an admin, a viewer, and a user that nobody has touched yet, for each pattern."""

    admin: Api
    viewer: Api
    somebody: User


@dataclass(frozen=True)
class Pattern:
    """One way to the table.

    Attributes:
        name: what is asked.
        endpoint: by whom.
        act: asks it; gets what `prepare` gave.
        prepare: what must be there before, at no cost.
        cached: whether what `prepare` left in the cache of the process is there too.
    """

    name: str
    endpoint: str
    act: Callable[[World, Any], object]
    prepare: Callable[[World], object] = lambda _: None
    cached: bool = False
