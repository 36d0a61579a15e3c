"""Password rules and hashing.

Passwords are compared as in the OpaqueString profile (RFC 8265 section 4.2), so that accented letters match from every
keyboard: every space becomes U+0020, and the text is normalized to NFC.
"""

import re
import unicodedata
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Annotated

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import AfterValidator, Field, SecretStr

from lamina.fields import BREAKING

MIN_LENGTH = 8
MAX_LENGTH = 128
MAX_TYPED = 4 * MAX_LENGTH
"""Maximum length before normalization: one character may be typed as up to four."""
PATTERN = (
    r"^(?=.*[a-z\u00df-\u00f6\u00f8-\u00ff\u03b1-\u03c9\u0430-\u045f])"
    r"(?=.*[A-Z\u00c0-\u00d6\u00d8-\u00de\u0391-\u03a1\u03a3-\u03a9\u0400-\u042f])"
    rf"(?=.*[0-9])[^{BREAKING}]*$"
)
"""A lower-case letter, an upper-case letter (Latin, Greek or Cyrillic) and a digit, in one line. Letters are listed,
because regular expression engines share no class for the letters of every script."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
"""Argon2id with 19 MiB, 2 passes, 1 lane: OWASP Password Storage Cheat Sheet."""

NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$/54p+4pQAiiouH4XUwVYYQ$5katXtcWUaBGyOuU3WvyIvq8RWFjVosLRu8uR3JCm5s"
"""Hash of a random, unknown password, with the current parameters. It is checked if there is no stored hash, so that an
unknown account takes as long as a known one. Computing it here would cost each cold start a hash."""


class Match(IntEnum):
    """Whether a password matches a stored hash; falsy if it does not."""

    NONE = 0
    OUTDATED = 1
    """It matches, but must be hashed again: the parameters are outdated or the text was not normalized."""
    CURRENT = 2


def hash_password(password: SecretStr) -> str:
    """Return the hash of a password in the PHC string format, with salt and parameters."""
    return _hasher.hash(_normalized(password.get_secret_value()))


def verify_password(kept: str | None, password: SecretStr) -> Match:
    """Return whether a password matches a stored hash. Without a hash, take the same time and return no match.

    Hashes created before passwords were normalized are of the unnormalized text, so that is tried as well if it
    differs. The number of attempts depends on the password alone, and so reveals nothing about the account.
    """
    typed = password.get_secret_value()
    normalized = _normalized(typed)
    is_outdated = typed != normalized and _is_hashed(kept, typed)
    if _is_hashed(kept, normalized):
        return Match.OUTDATED if _hasher.check_needs_rehash(kept or NOBODYS) else Match.CURRENT
    return Match.OUTDATED if is_outdated else Match.NONE


def _is_hashed(kept: str | None, text: str) -> bool:
    try:
        _hasher.verify(kept or NOBODYS, text)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def _normalized(text: str) -> str:
    spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in text)
    return unicodedata.normalize("NFC", spaced)


def _bounded(password: SecretStr) -> SecretStr:
    if len(_bounded_text(password)) > MAX_LENGTH:
        raise ValueError(f"must have at most {MAX_LENGTH} characters")
    return password


def _bounded_text(password: SecretStr) -> str:
    """Return the normalized password, or just enough of it to show that it is too long."""
    return _normalized(password.get_secret_value()[: MAX_TYPED + 1])


def _strong(password: SecretStr) -> SecretStr:
    text = _bounded_text(password)
    if not MIN_LENGTH <= len(text) <= MAX_LENGTH:
        raise ValueError(f"must have {MIN_LENGTH} to {MAX_LENGTH} characters")
    if re.search(f"[{BREAKING}]", text):
        raise ValueError("must be one line without control or direction characters")
    if not re.search(PATTERN, text):
        raise ValueError("must contain a lower-case letter, an upper-case letter and a digit")
    if text.lower() in _common():
        raise ValueError("is one of the most common passwords; choose a different one")
    return SecretStr(text)


@cache
def _common() -> frozenset[str]:
    """Return the common passwords that meet all other rules, in lower case. They are read on first use."""
    lines = Path(__file__).with_name("common_passwords.txt").read_text(encoding="ascii").splitlines()
    return frozenset(line for line in lines if line.partition(" ")[0] != "#")


type NewPassword = Annotated[
    SecretStr,
    Field(
        description="At least one lower-case letter, one upper-case letter and one digit; no common password. Length "
        "and pattern apply to its Normalization Form C.",
        examples=["Correct-horse-1"],
        json_schema_extra={
            "minLength": MIN_LENGTH,
            "maxLength": MAX_LENGTH,
            "pattern": PATTERN,
        },
    ),
    AfterValidator(_strong),
]
"""A password to be set."""
type TypedPassword = Annotated[
    SecretStr,
    Field(examples=["Correct-horse-1"], json_schema_extra={"maxLength": MAX_LENGTH}),
    AfterValidator(_bounded),
]
"""A password to be verified: its format is not validated."""
