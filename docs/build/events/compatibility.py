"""Whether a schema may take the place of an earlier one of the same event.

Both ways must hold, because both meet: a consumer that was written against the earlier schema reads new events, and
one written against the new schema is brought earlier events again by a replay. So the same must be required as before,
what was described must be described alike, and what is new must be optional.
"""

from collections.abc import Iterator
from typing import Any

type Json = dict[str, Any]

SAYS_NOTHING = {"title", "description", "examples", "$comment", "deprecated"}
"""Keywords that only people read (JSON Schema 2020-12, section 9)."""
MEMBERS = {"properties", "required"}


def differences(before: Json, after: Json, place: str = "") -> list[str]:
    """Name everything in `after` that breaks who relies on `before`; nothing when it may take its place."""
    return [*_rules(before, after, place), *_requirements(before, after, place), *_members(before, after, place)]


def _rules(before: Json, after: Json, place: str) -> Iterator[str]:
    for keyword in sorted((before.keys() | after.keys()) - SAYS_NOTHING - MEMBERS):
        old, new = before.get(keyword), after.get(keyword)
        if keyword == "items" and isinstance(old, dict) and isinstance(new, dict):
            yield from differences(old, new, f"{place}[]")
        elif _meaning(old) != _meaning(new):
            yield f"{place or 'the event'} has {_said(keyword, new)} where it had {_said(keyword, old)}"


def _requirements(before: Json, after: Json, place: str) -> Iterator[str]:
    old, new = set(before.get("required", [])), set(after.get("required", []))
    for name in sorted(old - new):
        yield f"{_inside(place, name)} is no longer required"
    for name in sorted(new - old):
        yield f"{_inside(place, name)} is required, which earlier events do not have"


def _members(before: Json, after: Json, place: str) -> Iterator[str]:
    old, new = before.get("properties", {}), after.get("properties", {})
    for name in old:
        if name in new:
            yield from differences(old[name], new[name], _inside(place, name))
        else:
            yield f"{_inside(place, name)} is gone"


def _meaning(value: Any) -> Any:  # noqa: ANN401 (whatever JSON holds)
    """Return the value of a keyword without descriptions, and without order where order is irrelevant."""
    if isinstance(value, dict):
        # What has a schema for its value is a property that happens to be called `title`.
        words = {key for key in value.keys() & SAYS_NOTHING if not isinstance(value[key], dict)}
        return {key: _meaning(inner) for key, inner in value.items() if key not in words}
    if isinstance(value, list):
        return sorted((_meaning(inner) for inner in value), key=repr)
    return value


def _said(keyword: str, value: object) -> str:
    return f"no {keyword}" if value is None else f"{keyword} {value}"


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
