"""How values are stored: as bytes, so that their size is known and no caller can change the value of another."""

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

COMPRESSED_FROM = 2_048
"""Bytes from which a value is compressed."""
MAX_TEXT = 16 * 1024 * 1024
"""Bytes to which a value is decompressed."""
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError, zlib.error)
"""What `decode` raises for what was stored by other code."""
_PLAIN, _COMPRESSED, _NOTHING = b"p", b"z", b"n"


@dataclass(frozen=True)
class Codec[T]:
    """Converts values to what JSON can hold, and back.

    Never pickle: whoever can write to the server could run code in every function.
    """

    to_json: Callable[[T], Any]
    from_json: Callable[[Any], T]


JSON: Codec[Any] = Codec(lambda value: value, lambda value: value)
"""For values that are JSON already."""


def encode[T](codec: Codec[T], value: T | None) -> bytes:
    """Return the stored form of a value; None is the knowledge that there is none."""
    if value is None:
        return _NOTHING
    text = json.dumps(codec.to_json(value), ensure_ascii=False, separators=(",", ":")).encode()
    return _COMPRESSED + zlib.compress(text, 1) if len(text) >= COMPRESSED_FROM else _PLAIN + text


def decode[T](codec: Codec[T], stored: bytes) -> T | None:
    """Return the value of a stored form.

    Raises:
        UNREADABLE: if it was stored by other code.
    """
    form, text = stored[:1], stored[1:]
    if form == _NOTHING:
        return None
    if form not in (_PLAIN, _COMPRESSED):
        raise ValueError("not a cached value")
    return codec.from_json(json.loads(_decompressed(text) if form == _COMPRESSED else text))


def _decompressed(text: bytes) -> bytes:
    decompressor = zlib.decompressobj()
    found = decompressor.decompress(text, MAX_TEXT)
    if not decompressor.eof:
        raise ValueError("too long, or cut off")
    return found
