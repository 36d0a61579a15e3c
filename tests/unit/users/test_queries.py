"""What may be asked of the list of users, by whom, and what goes together."""

from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.errors import Forbidden, Invalid
from lamina.users.model import Status
from lamina.users.queries import UserQuery, user_query


def ask(*, private: bool = True, **parts: Any) -> UserQuery:
    nothing = {"sort": None, "role": None, "status": None, "search": None, "deleted": False, "page": None}
    return user_query(**{**nothing, **parts, "private": private})


def test_the_newest_come_first_unless_asked_otherwise() -> None:
    assert ask() == UserQuery(sort="created_at", descending=True, private=True)
    assert ask(sort="username") == UserQuery(sort="username", private=True)
    assert ask(sort="-email") == UserQuery(sort="email", descending=True, private=True)


@pytest.mark.parametrize(
    "parts", [{"role": Role.ADMIN}, {"status": Status.ACTIVE}, {"deleted": True}, {"sort": "email"}, {"sort": "-email"}]
)
def test_what_a_public_profile_hides_is_no_way_to_find_somebody(parts: dict[str, Any]) -> None:
    assert ask(**parts).private
    with pytest.raises(Forbidden):
        ask(**parts, private=False)


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"search": "ann", "sort": "email"}, "sort"),
        ({"search": "ann", "page": 2}, "page"),
        ({"search": "ann", "deleted": True}, "deleted"),
        ({"deleted": True, "role": Role.ADMIN}, "deleted"),
        ({"deleted": True, "status": Status.ACTIVE}, "deleted"),
        ({"deleted": True, "sort": "-username"}, "sort"),
        ({"search": "?!"}, "search"),
    ],
)
def test_parts_that_no_index_serves_together_are_named(parts: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        ask(**parts)
    assert field in [problem.field for problem in refused.value.details]


def test_what_a_cursor_is_bound_to_leaves_nothing_out() -> None:
    queries = [
        ask(),
        ask(sort="created_at"),
        ask(role=Role.ADMIN),
        ask(status=Status.ACTIVE),
        ask(role=Role.ADMIN, status=Status.ACTIVE),
        ask(deleted=True),
        ask(search="ann"),
        ask(search="ann", role=Role.ADMIN),
    ]
    assert len({str(query.filters) for query in queries}) == len(queries)
