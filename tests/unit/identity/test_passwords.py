"""What a password must be."""

import unicodedata
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from pydantic import SecretStr, TypeAdapter, ValidationError

from lamina.identity.accounts import passwords
from lamina.identity.accounts.passwords import MAX_LENGTH, NOBODYS, Match, NewPassword, hash_password, verify_password

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
        "МойПароль2041",
        "ΜυστικόΛέξη1",
    ],
)
def test_a_strong_password_is_taken(text: str) -> None:
    assert new_password.validate_python(text).get_secret_value() == text


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("Aa1xxxx", "must have 8 to 128 characters"),
        ("Aa1" + "x" * (MAX_LENGTH - 2), "must have 8 to 128 characters"),
        ("lower-case-1", "must contain a lower-case letter"),
        ("UPPER-CASE-1", "must contain a lower-case letter"),
        ("No-digit-here", "must contain a lower-case letter"),
        ("Aa²aaaaaa", "must contain a lower-case letter"),
        ("Aa٣aaaaaa", "must contain a lower-case letter"),
        ("ªA1-AAAAAA", "must contain a lower-case letter"),
        ("Aa1\naaaaaa", "must be one line"),
        ("Aa1\u202eaaaaaa", "must be one line"),
        ("Password1", "is one of the most common passwords"),
        ("pASSw0RD", "is one of the most common passwords"),
        ("Qwerty123", "is one of the most common passwords"),
        ("1q2w3e4R", "is one of the most common passwords"),
        ("P@ssw0rd", "is one of the most common passwords"),
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
    assert not passwords._hasher.check_needs_rehash(NOBODYS)
    assert len(NOBODYS) == len(hash_password(SecretStr("Lamina-demo-1")))


def test_the_same_password_is_never_kept_the_same_way_twice() -> None:
    assert hash_password(SecretStr("Lamina-demo-1")) != hash_password(SecretStr("Lamina-demo-1"))


def test_only_the_right_password_is_verified() -> None:
    kept = hash_password(SecretStr("Lamina-demo-1"))
    assert verify_password(kept, SecretStr("Lamina-demo-1"))
    assert not verify_password(kept, SecretStr("Lamina-demo-2"))
    assert not verify_password(None, SecretStr("Lamina-demo-1"))
    assert not verify_password("not a hash", SecretStr("Lamina-demo-1"))
    assert verify_password(kept, SecretStr("Lamina-demo-1")) is Match.CURRENT


NFC, NFD = "Pässwörd-2041é", unicodedata.normalize("NFD", "Pässwörd-2041é")
SPACES = ("Pass word-1", "Pass\u00a0word-1", "Pass\u3000word-1")


@pytest.mark.parametrize(("one", "other"), [(NFC, NFD), (NFD, NFC), *product(SPACES, SPACES)])
def test_a_password_is_the_same_from_every_keyboard(one: str, other: str) -> None:
    assert NFC != NFD
    assert verify_password(hash_password(SecretStr(one)), SecretStr(other)) is Match.CURRENT
    assert new_password.validate_python(one) == new_password.validate_python(other)


def test_a_hash_from_before_normalization_matches_and_needs_a_rehash() -> None:
    kept = passwords._hasher.hash(NFD)
    assert verify_password(kept, SecretStr(NFD)) is Match.OUTDATED
    assert verify_password(kept, SecretStr(NFC)) is Match.NONE


@pytest.mark.parametrize("text", ["Aa1" + "é" * 125, "Aa1ééééé", "Aa1" + "\u1f82" * 125])
def test_length_is_counted_after_normalization(text: str) -> None:
    typed = unicodedata.normalize("NFD", text)
    assert len(typed) > len(text)
    assert new_password.validate_python(typed).get_secret_value() == text
    with pytest.raises(ValidationError, match="must have 8 to 128 characters"):
        new_password.validate_python(unicodedata.normalize("NFD", "Aa1éééé"))
    with pytest.raises(ValidationError, match="must have 8 to 128 characters"):
        new_password.validate_python(typed + "é" * 1000)


ALPHABET = "aZ0Éßя²٣ªǅ密 -\u0301\u2028\n\u202e\U0001fffe"


@given(text=st.text(st.characters(codec="utf-8"), max_size=20) | st.text(ALPHABET, min_size=6, max_size=130))
def test_a_validator_of_json_schema_takes_what_the_code_takes(text: str) -> None:
    text = passwords._normalized(text)
    try:
        new_password.validate_python(text)
        taken = True
    except ValidationError as refused:
        taken = "most common" in str(refused)
    assert Draft202012Validator(new_password.json_schema()).is_valid(text) is taken
