"""What a password must be."""

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from lamina.identity import passwords
from lamina.identity.passwords import MAX_LENGTH, NOBODYS, NewPassword, hash_password, needs_rehash, verify_password

new_password: TypeAdapter[SecretStr] = TypeAdapter(NewPassword)


@pytest.fixture(autouse=True)
def quick_hashes() -> None:
    """Here it is the real ones that are looked at, in place of the quick ones of other tests."""


@pytest.mark.parametrize(
    "text",
    [
        "Lamina-demo-1",
        "Aa1" + "x" * 5,
        "Aa1" + "x" * (MAX_LENGTH - 3),
        "Ünïcode-Çase-1",
        "with spaces Inside 1",
        "密码密码Aa1密码",
    ],
)
def test_a_strong_password_is_taken(text: str) -> None:
    assert new_password.validate_python(text).get_secret_value() == text


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("Aa1xxxx", "must have 8 to 128 characters"),
        ("Aa1" + "x" * (MAX_LENGTH - 2), "must have 8 to 128 characters"),
        ("lower-case-1", "must hold a lower-case letter"),
        ("UPPER-CASE-1", "must hold a lower-case letter"),
        ("No-digit-here", "must hold a lower-case letter"),
        ("Password1", "is among the most common passwords"),
        ("pASSw0RD", "is among the most common passwords"),
        ("Qwerty123", "is among the most common passwords"),
        ("1q2w3e4R", "is among the most common passwords"),
        ("P@ssw0rd", "is among the most common passwords"),
    ],
)
def test_a_weak_password_is_refused_with_advice(text: str, advice: str) -> None:
    with pytest.raises(ValidationError, match=advice):
        new_password.validate_python(text)


def test_the_list_holds_what_no_other_rule_refuses_and_nothing_else() -> None:
    common = passwords._common()
    assert len(common) > 4000
    for text in common:
        assert text == text.lower()
        assert passwords.MIN_LENGTH <= len(text) <= MAX_LENGTH
        assert sum(map(str.isalpha, text)) >= 2
        assert any(map(str.isdigit, text))


def test_a_password_is_kept_as_argon2id_with_the_strength_promised() -> None:
    assert hash_password(SecretStr("Lamina-demo-1")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_an_account_that_does_not_exist_costs_the_hash_of_today() -> None:
    assert not needs_rehash(NOBODYS)
    assert len(NOBODYS) == len(hash_password(SecretStr("Lamina-demo-1")))


def test_the_same_password_is_never_kept_the_same_way_twice() -> None:
    assert hash_password(SecretStr("Lamina-demo-1")) != hash_password(SecretStr("Lamina-demo-1"))


def test_only_the_right_password_is_verified() -> None:
    kept = hash_password(SecretStr("Lamina-demo-1"))
    assert verify_password(kept, SecretStr("Lamina-demo-1"))
    assert not verify_password(kept, SecretStr("Lamina-demo-2"))
    assert not verify_password(None, SecretStr("Lamina-demo-1"))
    assert not verify_password("not a hash", SecretStr("Lamina-demo-1"))
