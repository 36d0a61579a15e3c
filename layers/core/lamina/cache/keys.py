"""Keys of cached values: `namespace:argument:argument`. A pattern is the beginning of a key and `*`."""

from urllib.parse import quote

type Part = str | int | bool | None
MAX_PARTS = 4
"""Arguments of a key: each but the last is a level of patterns, whose generation is read with the value."""


def key_of(namespace: str, parts: tuple[object, ...]) -> str:
    """Return the key of a value.

    Raises:
        TypeError: if an argument is not text, a number, a boolean or None. Others, such as a caller, have no stable
            text, and what depends on the caller must not be cached.
    """
    if len(parts) > MAX_PARTS:
        raise TypeError(f"a cached function takes at most {MAX_PARTS} arguments")
    return ":".join([namespace, *map(_text, parts)])


def prefixes_of(key: str) -> list[str]:
    """Return the beginnings of a key that patterns can name, each with its colon: `a:b:c` has `a:` and `a:b:`."""
    parts = key.split(":")[:-1] or [key]
    return [":".join(parts[: number + 1]) + ":" for number in range(len(parts))]


def prefix_of(pattern: str) -> str:
    """Return the beginning of a key that a pattern names.

    Raises:
        ValueError: if it is not of the form `namespace:*` or `namespace:argument:*`.
    """
    prefix = pattern.removesuffix("*")
    if not prefix.endswith(":") or prefix == pattern or "*" in prefix or len(prefix) == 1:
        raise ValueError(f"{pattern!r} is not a pattern such as 'namespace:*'")
    return prefix


def _text(part: object) -> str:
    if part is None or isinstance(part, bool | int):
        return f"={part}"
    if isinstance(part, str):
        return quote(part, safe="=-_.~/") if not part.startswith("=") else quote(part, safe="")
    raise TypeError(f"{type(part).__name__} is no part of a key")
