"""Persisted documents: clients send the SHA-256 of a document in place of the document, as Apollo's do.

An unknown hash is an error, after which the client repeats the request with hash and document, which is then stored.
The hash is checked, so nobody can store another document under it. Documents expire, and each signed-in caller can
store only few of limited size, so that the table does not grow.

https://www.apollographql.com/docs/apollo-server/performance/apq
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from lamina import ids
from lamina.access.policy import Caller
from lamina.errors import Invalid, Problem
from lamina.limits.window import Limit, LimitReached, spend
from lamina.storage.conditional import save
from lamina.storage.item import Item
from lamina.storage.keys import key

VERSION = 1
MAX_BYTES = 16_384
"""Size of a document that is stored; larger ones are executed."""
KEPT_SECONDS = 7 * 24 * 3600
REGISTRATIONS = Limit("graphql-documents", requests=50, seconds=24 * 3600)
"""Documents that the credentials of one user can store in a day: at most 6 MB are kept of each."""
CACHED = 256
"""Documents that a process keeps. What a hash stands for never changes."""
_HASH = re.compile(r"[0-9a-f]{64}")


class PersistedDocumentItem(Item, discriminator="persisted_document"):
    """A document: `DOCUMENT#<SHA-256>` / `GRAPHQL`."""

    text = UnicodeAttribute()


class PersistedQueryNotFound(Invalid):
    """The hash is unknown. Clients repeat the request with the document."""

    code = "PERSISTED_QUERY_NOT_FOUND"
    message = "PersistedQueryNotFound"


class PersistedQueryNotSupported(Invalid):
    """Another version of the protocol. Clients stop sending hashes."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"
    message = "PersistedQueryNotSupported"


@dataclass(frozen=True)
class Document:
    """The document of a request.

    Attributes:
        text: the document.
        digest: its hash, if the client wants it to be stored; `""` if not.
    """

    text: str
    digest: str = ""


def find(query: str | None, extensions: Mapping[str, Any] | None) -> Document:
    """Return the document of a request: the one that it contains, or the one that it names by its hash.

    Raises:
        Invalid: if there is neither, or the hash is not that of the document.
        PersistedQueryNotFound: if the hash is unknown.
        PersistedQueryNotSupported: if the version is unknown.
    """
    asked = (extensions or {}).get("persistedQuery")
    if asked is None:
        if not query:
            raise Invalid(details=[Problem("query", "is required")])
        return Document(query)
    digest = _digest_in(asked)
    if not query:
        return Document(_stored(digest))
    if sha256(query.encode()).hexdigest() != digest:
        raise _invalid("is not the SHA-256 of the query")
    return Document(query, digest)


def register(document: Document, caller: Caller | None) -> None:
    """Store a document that may be executed, if its client wants that. Never fails because of a limit."""
    if not document.digest or caller is None or len(document.text.encode()) > MAX_BYTES:
        return
    item = _item(document.digest)
    if item is not None and _is_valid(item):
        return
    try:
        spend(REGISTRATIONS, caller.user_id)
    except LimitReached:
        return
    item = item or PersistedDocumentItem(*_key(document.digest))
    item.text, item.expires_at = document.text, ids.epoch_in(KEPT_SECONDS)
    save(item)


def _digest_in(asked: object) -> str:
    if not isinstance(asked, dict) or asked.get("version") != VERSION:
        raise PersistedQueryNotSupported
    digest = asked.get("sha256Hash")
    if not isinstance(digest, str) or not _HASH.fullmatch(digest):
        raise _invalid("must be a SHA-256 in lower-case hexadecimal")
    return digest


@lru_cache(CACHED)
def _stored(digest: str) -> str:
    """Return a stored document; that there is none is not remembered."""
    item = _item(digest)
    if item is None or not _is_valid(item):
        raise PersistedQueryNotFound
    return str(item.text)


def _item(digest: str) -> PersistedDocumentItem | None:
    try:
        return PersistedDocumentItem.get(*_key(digest))
    except PersistedDocumentItem.DoesNotExist:
        return None


def _is_valid(item: PersistedDocumentItem) -> bool:
    return int(item.expires_at or 0) > ids.epoch_in(0)


def _key(digest: str) -> tuple[str, str]:
    return key("DOCUMENT", digest), "GRAPHQL"


def _invalid(advice: str) -> Invalid:
    return Invalid(details=[Problem("extensions.persistedQuery.sha256Hash", advice)])
