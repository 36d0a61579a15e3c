"""What a user can be found by: the words of the name, of the username and of the e-mail address.

A search term matches the start of any word, whatever the case, the accents and the punctuation. So each word is an
entry of a sharded list, followed by what comes after it in the same token: `zoe.smith@example.com` stands there as
`zoe-smith-example-com`, `smith-example-com`, `example-com` and `com`, and a term is one range of the list, also when
it is a whole address. Words that everybody may search by and those of the e-mail address are in two lists.
"""

import unicodedata
from collections.abc import Iterable, Iterator

from lamina.users.model import User

MAX_PUBLIC_WORDS = 33
MAX_EMAIL_WORDS = 14
"""Entries that one user may take. A change of all of them, with what goes along, must fit into one transaction."""
MAX_WORD = 100
"""Characters of an entry. They take up to 400 bytes of the 1,024 of a sort key, and a cursor holds one."""

_WHOLE_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"})
"""Letters with a stroke or tied together, which Unicode does not decompose, as people type them."""


def fold(text: str) -> str:
    """Strip case, accents and invisible characters.

    Compatibility decomposition around case folding (Unicode 3.13, D146), then without combining marks.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = (char for char in decomposed if not unicodedata.combining(char) and unicodedata.category(char) != "Cf")
    return "".join(kept).translate(_WHOLE_LETTERS)


def public_words(user: User) -> list[str]:
    """Give the words that everybody may find the user by."""
    return _words([user.username, user.name], MAX_PUBLIC_WORDS)


def email_words(user: User) -> list[str]:
    """Give the words that only those may find the user by who see the e-mail address."""
    return _words([user.email], MAX_EMAIL_WORDS)


def terms(query: str) -> list[str]:
    """Split what was typed into terms in the form of words, the longest first: it narrows the most."""
    typed = {"-".join(_parts(token))[:MAX_WORD] for token in query.split()} - {""}
    return sorted(typed, key=lambda term: (-len(term), term))


def _words(texts: Iterable[str], most: int) -> list[str]:
    """Split into words, in order, without those that only begin another: what finds them finds that one."""
    tokens = (token for text in texts for token in text.split())
    found = list(dict.fromkeys(word for token in tokens for word in _tails(_parts(token))))[:most]
    return [word for word in found if not any(other.startswith(word) for other in found if other != word)]


def _tails(parts: list[str]) -> Iterator[str]:
    return ("-".join(parts[start:])[:MAX_WORD] for start in range(len(parts)))


def _parts(token: str) -> list[str]:
    """Cut a token at everything but letters, marks and digits (`str.isalnum` would cut at the vowels of Hindi)."""
    return "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in fold(token)).split()
