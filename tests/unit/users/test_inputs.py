import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from lamina.fields import VISIBLE_LINE, Name
from lamina.users.locale import LOCALE
from lamina.users.schemas import EMAIL, USERNAME, Age, Email, Locale, NewUserFields, Username

WHOLE: dict[str, Any] = {"email": "Ada@Example.com", "username": "Ada", "name": "Ada Lovelace"}


def takes(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


def test_addresses_and_usernames_are_kept_in_lower_case() -> None:
    user = NewUserFields.model_validate(WHOLE)
    assert (user.email, user.username) == ("ada@example.com", "ada")


@pytest.mark.parametrize("age", [0, 36, 36.0, 120])
def test_an_age_is_a_whole_number_however_it_is_written(age: float) -> None:
    assert NewUserFields.model_validate({**WHOLE, "age": age}).age == age


@pytest.mark.parametrize("age", [-1, 121, 36.5, "36", True, float("1e308")])
def test_an_age_is_nothing_else(age: object) -> None:
    assert not takes(Age, age)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("en", "en"), ("DE-ch", "de-CH"), ("zh-hANT-tw", "zh-Hant-TW"), ("es-419", "es-419"), ("gsw", "gsw"),
        ("sr-latn", "sr-Latn"),
    ],
)  # fmt: skip
def test_a_locale_is_stored_in_the_usual_case(written: str, stored: str) -> None:
    assert NewUserFields.model_validate({**WHOLE, "locale": written}).locale == stored


def test_a_new_user_has_a_locale_without_choosing_one() -> None:
    assert NewUserFields.model_validate(WHOLE).locale == "en"


@pytest.mark.parametrize(
    "tag", ["", "e", "english", "en_US", "en-", "en-US-x", "de-1996", "en-USA", "i-klingon", "x-a", "en-US\n", None, 1]
)
def test_a_locale_is_nothing_else(tag: object) -> None:
    assert not takes(Locale, tag)


@pytest.mark.parametrize("name", ["Ada", "王小明", "Zoë 🫩", "\U0001faea", "a\u00a0b"])
def test_a_name_may_be_of_any_script_also_of_one_newer_than_this_python(name: str) -> None:
    assert takes(Name, name)


@pytest.mark.parametrize("name", ["", " ", "\u3000", "a\nb", "a\x00b", "a\x7f", "x" * 101])
def test_a_name_has_something_to_see_and_no_control_characters(name: str) -> None:
    assert not takes(Name, name)


@given(text=st.text(max_size=40))
@pytest.mark.parametrize(
    ("kind", "pattern"), [(Email, EMAIL), (Username, USERNAME), (Name, VISIBLE_LINE), (Locale, LOCALE)]
)
def test_what_the_document_says_of_a_field_is_what_the_code_takes(kind: Any, pattern: str, text: str) -> None:
    schema = TypeAdapter(kind).json_schema()
    fits = bool(re.fullmatch(pattern.removesuffix("$"), text))
    assert takes(kind, text) == (fits and schema.get("minLength", 0) <= len(text) <= schema["maxLength"])
