"""People and posts for the tests of GraphQL."""

import pytest

from lamina.access.policy import Role
from tests.support.people import Person, person


@pytest.fixture
def admin(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("admin", Role.ADMIN)


@pytest.fixture
def author(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("author", Role.EDITOR)


@pytest.fixture
def viewer(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("viewer")
