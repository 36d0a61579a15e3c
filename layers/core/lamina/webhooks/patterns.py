"""Which events a webhook wants: types, and patterns of them."""

from collections.abc import Iterable

PATTERN = r"^(\*|[a-z0-9_]+(\.[a-z0-9_]+)*(\.\*)?)$"
"""Everything, a type, or all types that begin so."""
EVERYTHING = "*"


def wants(patterns: Iterable[str], event_type: str) -> bool:
    """Tell whether an event of this type is wanted."""
    return any(_matches(pattern, event_type) for pattern in patterns)


def _matches(pattern: str, event_type: str) -> bool:
    if pattern in {EVERYTHING, event_type}:
        return True
    return pattern.endswith(".*") and event_type.startswith(pattern.removesuffix("*"))
