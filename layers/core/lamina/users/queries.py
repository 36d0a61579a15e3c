"""Queries of the list of users."""

from dataclasses import dataclass
from typing import Literal

from lamina.access.policy import Role
from lamina.errors import Forbidden, Invalid, Problem
from lamina.search_terms import terms
from lamina.users.model import Status, User

type UserSort = Literal["created_at", "-created_at", "email", "-email", "username", "-username"]
"""Sort orders supported by an index; `-` for descending."""


@dataclass(frozen=True, kw_only=True)
class UserQuery:
    """A query of the list of users.

    Attributes:
        sort: `created_at`, `email` or `username`.
        descending: the order.
        role: only users with this role.
        status: only users with this status.
        search: only users with words that start with each of its terms; sorts by the matching word.
        deleted: deleted users instead; cannot be combined with anything else.
        private: whether the caller may search by fields that are not public.
    """

    sort: str = "created_at"
    descending: bool = False
    role: str = ""
    status: str = ""
    search: str = ""
    deleted: bool = False
    private: bool = False

    @property
    def filters(self) -> dict[str, str]:
        """The query parameters, without those that are not set."""
        sort = None if self.search else ("-" if self.descending else "") + self.sort
        requested = {"sort": sort, "role": self.role, "status": self.status, "search": self.search}
        return {name: value for name, value in requested.items() if value} | (
            {"deleted": "true"} if self.deleted else {}
        )

    def includes(self, user: User) -> bool:
        """Return whether a user matches the filters; search terms are not checked."""
        return (
            self.role in ("", user.role)
            and self.status in ("", user.status)
            and self.deleted == (user.deleted_at is not None)
        )


def user_query(
    *,
    sort: UserSort | None,
    role: Role | None,
    status: Status | None,
    search: str | None,
    deleted: bool,
    page: int | None,
    private: bool,
) -> UserQuery:
    """Return a query, after checking that its parts can be combined and the caller may use them.

    Args:
        sort: requested order.
        role: requested role.
        status: requested status.
        search: search text.
        deleted: whether to list deleted users.
        page: requested page number.
        private: whether the caller may search by fields that are not public.

    Raises:
        Forbidden: if the caller may not use one of the fields.
        Invalid: if no index supports the combination; the message names the parameters.
    """
    hidden = {"role": role, "status": status, "deleted": deleted, "sort": (sort or "").lstrip("-") == "email"}
    if not private and any(hidden.values()):
        raise Forbidden("Only admins can sort or filter users by e-mail address, role, status or deletion.")
    order = sort or "-created_at"
    problems = [
        Problem(field, advice)
        for field, wrong, advice in (
            ("sort", search and sort, "cannot be combined with search"),
            ("page", search and page, "cannot be combined with search; use cursor"),
            ("deleted", search and deleted, "cannot be combined with search"),
            ("deleted", deleted and (role or status), "cannot be combined with role or status"),
            ("sort", deleted and order.lstrip("-") != "created_at", "must be created_at with deleted"),
            ("search", search and not terms(search), "must contain a letter or a digit"),
        )
        if wrong
    ]
    if problems:
        raise Invalid(details=problems)
    return UserQuery(
        sort=order.lstrip("-"),
        descending=order.startswith("-") and not search,
        role=role or "",
        status=status or "",
        search=search or "",
        deleted=deleted,
        private=private,
    )
