"""The people of the demo are such as the API would take."""

import pytest

from lamina.identity.accounts.schemas import NewUserInput
from local.seed.people import DEMO, OTHERS, Person


@pytest.mark.parametrize("person", [*DEMO, *OTHERS], ids=lambda person: person.username)
def test_the_api_would_take(person: Person) -> None:
    taken = NewUserInput.model_validate(
        {
            "email": person.email,
            "username": person.username,
            "name": person.name,
            "role": person.role,
            "status": person.status,
            "age": person.age,
        }
    )
    assert (taken.email, taken.username, taken.name) == (person.email, person.username, person.name)


def test_no_two_of_them_are_the_same() -> None:
    assert len({person.username for person in (*DEMO, *OTHERS)}) == len(DEMO) + len(OTHERS)
