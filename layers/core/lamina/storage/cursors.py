"""Opaque list cursors that cannot be forged or used with a different query.

A cursor contains the position of an entry and a direction. Its tag is an HMAC (RFC 2104) over both and over the query
that returned it. The query itself is not in the cursor: the next request must repeat it.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

from lamina.errors import Invalid, Problem

TAG_BYTES = 16
MAX_CHARACTERS = 1024


@dataclass(frozen=True)
class Cursor:
    """A position in a list.

    Attributes:
        position: sort key of the entry at the edge of the page that was read; `""` is the edge of the list.
        backwards: whether the requested page is before that entry rather than after it.
    """

    position: str
    backwards: bool = False


class CursorSigner:
    """Encodes and decodes cursors with one secret key."""

    def __init__(self, secret: bytes) -> None:
        """Create a signer with a key of at least 32 random bytes."""
        self._secret = secret

    def sign(self, cursor: Cursor, query: str) -> str:
        """Return a cursor as URL-safe text, bound to `query` (any text that is equal for equal queries)."""
        payload = json.dumps([cursor.position, int(cursor.backwards)], ensure_ascii=False, separators=(",", ":"))
        return _text(self._tag(payload.encode(), query) + payload.encode())

    def verify(self, text: str, query: str) -> Cursor:
        """Return the cursor of a text.

        Raises:
            Invalid: if it was not created by `sign` with this key and this query.
        """
        signed = _bytes(text)
        tag, payload = signed[:TAG_BYTES], signed[TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(payload, query)):
            advice = "is not a cursor of this query; use next_cursor or a link, with the same filters and sort"
            raise Invalid(details=[Problem("cursor", advice)])
        position, backwards = json.loads(payload)
        return Cursor(position, bool(backwards))

    def _tag(self, payload: bytes, query: str) -> bytes:
        # The length separates payload and query: no other split of the same bytes has the same tag.
        message = len(payload).to_bytes(4) + payload + query.encode()
        return hmac.new(self._secret, message, hashlib.sha256).digest()[:TAG_BYTES]


def _text(signed: bytes) -> str:
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Decode the output of `_text`; empty for any other text, even if a lenient decoder would accept it."""
    if len(text) > MAX_CHARACTERS or not text.isascii():
        return b""
    try:
        signed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""
    return signed if _text(signed) == text else b""
