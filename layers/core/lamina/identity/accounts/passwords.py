"""Passwords: what they must be, and how they are kept.

They are compared as RFC 8265 section 4.2 says of the profile OpaqueString, so that a letter with its accent is the same
from every keyboard: every space is U+0020, and the text is in Normalization Form C.
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
"""Characters before normalization: one may have been typed as up to four."""
PATTERN = (
    r"^(?=.*[a-z\u00df-\u00f6\u00f8-\u00ff\u03b1-\u03c9\u0430-\u045f])"
    r"(?=.*[A-Z\u00c0-\u00d6\u00d8-\u00de\u0391-\u03a1\u03a3-\u03a9\u0400-\u042f])"
    rf"(?=.*[0-9])[^{BREAKING}]*$"
)
"""A lower-case and an upper-case letter, Latin, Greek or Cyrillic, and a digit, in one line. Letters are written out:
engines of regular expressions share no class for those of every script."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
"""Argon2id with 19 MiB, 2 passes, 1 lane: OWASP Password Storage Cheat Sheet."""

NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$/54p+4pQAiiouH4XUwVYYQ$5katXtcWUaBGyOuU3WvyIvq8RWFjVosLRu8uR3JCm5s"
"""Of a random password that nobody has kept, with the parameters of today: checked in place of a missing hash, so that
an unknown account costs as much time as a known one. Making one here would cost each cold start a hash."""


class Match(IntEnum):
    """Whether a password is the one of a kept hash; false is the one that is not."""

    NONE = 0
    OUTDATED = 1
    """It is, and the hash must be made anew: of weaker parameters than today's, or of text that was not normalized."""
    CURRENT = 2


def hash_password(password: SecretStr) -> str:
    """Hash a password for keeping, in the PHC string format with its salt and parameters."""
    return _hasher.hash(_normalized(password.get_secret_value()))


def verify_password(kept: str | None, password: SecretStr) -> Match:
    """Check a password against a kept hash; with none, take the same time and say no.

    Hashes from before passwords were normalized are of what was typed then, so that is tried too where it differs. How
    often is known from the password alone, and so tells nothing of the account.
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
    """Return a password normalized, or as much of it as shows that it is too long."""
    return _normalized(password.get_secret_value()[: MAX_TYPED + 1])


def _strong(password: SecretStr) -> SecretStr:
    text = _bounded_text(password)
    if not MIN_LENGTH <= len(text) <= MAX_LENGTH:
        raise ValueError(f"must have {MIN_LENGTH} to {MAX_LENGTH} characters")
    if re.search(f"[{BREAKING}]", text):
        raise ValueError("must be one line, without control or direction characters")
    if not re.search(PATTERN, text):
        raise ValueError("must hold a lower-case letter, an upper-case letter and a digit")
    if text.lower() in _common():
        raise ValueError("is among the most common passwords; choose another")
    return SecretStr(text)


@cache
def _common() -> frozenset[str]:
    """Read the common passwords that nothing else here refuses, in lower case, when one is first set in a process."""
    lines = Path(__file__).with_name("common_passwords.txt").read_text(encoding="ascii").splitlines()
    return frozenset(line for line in lines if line.partition(" ")[0] != "#")


type NewPassword = Annotated[
    SecretStr,
    Field(
        description="With a lower-case letter, an upper-case letter and a digit; none of the common ones. Length and "
        "pattern are of its Normalization Form C.",
        examples=["Correct-horse-1"],
        json_schema_extra={
            "minLength": MIN_LENGTH,
            "maxLength": MAX_LENGTH,
            "pattern": PATTERN,
        },
    ),
    AfterValidator(_strong),
]
"""A password that is being set."""
type TypedPassword = Annotated[
    SecretStr,
    Field(examples=["Correct-horse-1"], json_schema_extra={"maxLength": MAX_LENGTH}),
    AfterValidator(_bounded),
]
"""A password that is to be compared: a wrong one is wrong, whatever it looks like."""
