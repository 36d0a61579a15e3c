"""The words by which something with a short name can be found, and the terms of a query.

A search term matches the start of any word, ignoring case, accents and punctuation. Each word is an entry of a sharded
list, followed by the rest of its token: `zoe.smith@example.com` has the entries `zoe-smith-example-com`,
`smith-example-com`, `example-com` and `com`. A term, even a complete address, is therefore a single range of the list.
"""

import unicodedata
from collections.abc import Iterable, Iterator

MAX_WORD = 100
"""Maximum number of characters of an entry: up to 400 of the 1,024 bytes of a sort key, and part of a cursor."""

_WHOLE_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"})
"""Letters with strokes and ligatures that Unicode does not decompose, as people type them."""


def fold(text: str) -> str:
    """Return text without case, accents and invisible characters.

    Applies compatibility decomposition around case folding (Unicode 3.13, D146), then removes combining marks.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = (char for char in decomposed if not unicodedata.combining(char) and unicodedata.category(char) != "Cf")
    return "".join(kept).translate(_WHOLE_LETTERS)


def terms(query: str) -> list[str]:
    """Return the terms of a query in the form of words, the longest first, because it is the most selective."""
    typed = {"-".join(_parts(token))[:MAX_WORD] for token in query.split()} - {""}
    return sorted(typed, key=lambda term: (-len(term), term))


def words(texts: Iterable[str], most: int) -> list[str]:
    """Return at most `most` words of texts, in order.

    A word that is a prefix of another is omitted: the other one matches the same terms.
    """
    tokens = (token for text in texts for token in text.split())
    found = list(dict.fromkeys(word for token in tokens for word in _tails(_parts(token))))[:most]
    return [word for word in found if not any(other.startswith(word) for other in found if other != word)]


def has(found: Iterable[str], term: str) -> bool:
    """Return whether a term matches one of these words."""
    return any(word.startswith(term) for word in found)


def _tails(parts: list[str]) -> Iterator[str]:
    return ("-".join(parts[start:])[:MAX_WORD] for start in range(len(parts)))


def _parts(token: str) -> list[str]:
    """Split a token at everything but letters, marks and digits (`str.isalnum` would split at the vowels of Hindi)."""
    return "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in fold(token)).split()
