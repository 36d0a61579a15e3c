"""Passwords: what they must be, and how they are kept."""

from functools import cache
from pathlib import Path
from typing import Annotated

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import AfterValidator, Field, SecretStr

MIN_LENGTH = 8
MAX_LENGTH = 128

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
"""Argon2id with 19 MiB, 2 passes, 1 lane: OWASP Password Storage Cheat Sheet."""

NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$/54p+4pQAiiouH4XUwVYYQ$5katXtcWUaBGyOuU3WvyIvq8RWFjVosLRu8uR3JCm5s"
"""Of a random password that nobody has kept, with the parameters of today: checked in place of a missing hash, so that
an unknown account costs as much time as a known one. Making one here would cost each cold start a hash."""


def hash_password(password: SecretStr) -> str:
    """Hash a password for keeping, in the PHC string format with its salt and parameters."""
    return _hasher.hash(password.get_secret_value())


def verify_password(kept: str | None, password: SecretStr) -> bool:
    """Check a password against a kept hash; with none, take the same time and say no."""
    try:
        _hasher.verify(kept or NOBODYS, password.get_secret_value())
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def needs_rehash(kept: str) -> bool:
    """Tell whether a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def _strong(password: SecretStr) -> SecretStr:
    text = password.get_secret_value()
    if not MIN_LENGTH <= len(text) <= MAX_LENGTH:
        raise ValueError(f"must have {MIN_LENGTH} to {MAX_LENGTH} characters")
    if not (any(map(str.islower, text)) and any(map(str.isupper, text)) and any(map(str.isdigit, text))):
        raise ValueError("must hold a lower-case letter, an upper-case letter and a digit")
    if text.lower() in _common():
        raise ValueError("is among the most common passwords; choose another")
    return password


@cache
def _common() -> frozenset[str]:
    """Read the common passwords that nothing else here refuses, in lower case, when one is first set in a process."""
    lines = Path(__file__).with_name("common_passwords.txt").read_text(encoding="ascii").splitlines()
    return frozenset(line for line in lines if line.partition(" ")[0] != "#")


type NewPassword = Annotated[
    SecretStr,
    Field(
        description="With a lower-case letter, an upper-case letter and a digit; none of the common ones.",
        examples=["Correct-horse-1"],
        json_schema_extra={
            "minLength": MIN_LENGTH,
            "maxLength": MAX_LENGTH,
            "pattern": "^(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])",
        },
    ),
    AfterValidator(_strong),
]
"""A password that is being set."""
