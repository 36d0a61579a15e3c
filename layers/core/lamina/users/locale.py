"""Locales of users: language tags of the simple form `language[-Script][-REGION]` (BCP 47, RFC 5646 section 2.1).

Variants, extensions and private subtags are not accepted: no translation is chosen by them. Whether a language exists
is not checked, as the registry of subtags grows.
"""

LOCALE = r"^[a-zA-Z]{2,3}(?:-[a-zA-Z]{4})?(?:-(?:[a-zA-Z]{2}|[0-9]{3}))?$"
"""A language (ISO 639), a script (ISO 15924), and a region (ISO 3166-1, or UN M.49 as three digits)."""
LONGEST = 11
SCRIPT_LETTERS = 4


def canonical(tag: str) -> str:
    """Return a tag in the usual case (RFC 5646 section 2.1.1): `zh-Hant-TW`."""
    language, *rest = tag.split("-")
    return "-".join([language.lower(), *map(_canonical_subtag, rest)])


def _canonical_subtag(subtag: str) -> str:
    return subtag.title() if len(subtag) == SCRIPT_LETTERS else subtag.upper()
