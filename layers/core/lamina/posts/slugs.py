"""Slugs: the names of posts in URLs."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable

MAX_LENGTH = 80
SLUG = rf"^[a-z0-9-]{{1,{MAX_LENGTH}}}$"
FALLBACK = "post"
"""The slug of a title without a letter or digit that ASCII has."""
FIRST_TRIES = 10
"""Numbers that are tried at once; beyond them, the free one is searched in ranges."""
POINTS = 16
"""Numbers per range: one BatchGetItem reads their items."""
LAST_POWER = 32

_FOLDED = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ŋ": "n", "ħ": "h"}
)
"""Latin letters that Unicode does not decompose."""

type Taken = Callable[[Collection[str]], set[str]]
"""Returns which of up to 100 slugs are taken."""


def from_title(title: str) -> str:
    """Return the slug of a title: folded to ASCII, words joined by hyphens, cut at a word where possible."""
    folded = unicodedata.normalize("NFKD", title).casefold().translate(_FOLDED).encode("ascii", "ignore").decode()
    slug = "-".join(re.findall(r"[a-z0-9]+", re.sub(r"(?<=\w)'(?=\w)", "", folded)))
    if len(slug) > MAX_LENGTH:
        slug = slug[: MAX_LENGTH + 1].rpartition("-")[0] or slug[:MAX_LENGTH]
    return slug or FALLBACK


def numbered(slug: str, number: int) -> str:
    """Return the variant of a slug that follows `number - 1` others; the first is the slug itself."""
    if number == 1:
        return slug
    suffix = f"-{number}"
    return slug[: MAX_LENGTH - len(suffix)].rstrip("-") + suffix


def free(slug: str, taken: Taken, skip: int = 0) -> str:
    """Return a variant of a slug that no post has: the first free one, but for `skip`.

    The number of reads grows with the logarithm of the number of posts with this slug: first ten variants are checked
    at once, then powers of two, then the range before the first free power is divided until the gap is found.

    Args:
        slug: a slug.
        taken: returns which slugs are taken.
        skip: number of free variants to leave to others, who are creating posts with the same title at this moment.
    """
    found = _free_of(slug, range(1, FIRST_TRIES + 1), taken)
    if not found:
        powers = [2**power for power in range(4, LAST_POWER)]
        high = min(_free_of(slug, powers, taken), default=powers[-1])
        low = max([FIRST_TRIES, *(power for power in powers if power < high)])
        while high - low > POINTS:
            points = [low + (high - low) * step // POINTS for step in range(1, POINTS)]
            gap = min(_free_of(slug, points, taken), default=high)
            low, high = max([low, *(point for point in points if point < gap)]), gap
        found = _free_of(slug, range(low + 1, high + POINTS), taken)
    return numbered(slug, found[min(skip, len(found) - 1)])


def _free_of(slug: str, numbers: Iterable[int], taken: Taken) -> list[int]:
    variants = {numbered(slug, number): number for number in numbers}
    gone = taken(variants.keys())
    return [number for variant, number in variants.items() if variant not in gone]
