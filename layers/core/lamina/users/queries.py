"""What may be asked of the list of users, and what is answered."""

from dataclasses import dataclass
from typing import Literal

from lamina.access.policy import Role
from lamina.errors import Forbidden, Invalid, Problem
from lamina.users.model import Status, User
from lamina.users.search_terms import terms

type Sort = Literal["created_at", "-created_at", "email", "-email", "username", "-username"]
"""What an index serves; `-` is for descending."""


@dataclass(frozen=True, kw_only=True)
class UserQuery:
    """Which users, in which order.

    Attributes:
        sort: `created_at`, `email` or `username`.
        descending: the order.
        role: only this role.
        status: only this status.
        search: only users with words that start with each of its terms; orders by the word found.
        deleted: the deleted users instead; combines with nothing else.
        private: whether the asker may find users by what a public profile hides.
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
        """The query as the client writes it, without what is left out."""
        sort = None if self.search else ("-" if self.descending else "") + self.sort
        requested = {"sort": sort, "role": self.role, "status": self.status, "search": self.search}
        return {name: value for name, value in requested.items() if value} | (
            {"deleted": "true"} if self.deleted else {}
        )

    def includes(self, user: User) -> bool:
        """Tell whether a user passes the filters; terms of a search are another matter."""
        return (
            self.role in ("", user.role)
            and self.status in ("", user.status)
            and self.deleted == (user.deleted_at is not None)
        )


def user_query(
    *,
    sort: Sort | None,
    role: Role | None,
    status: Status | None,
    search: str | None,
    deleted: bool,
    page: int | None,
    private: bool,
) -> UserQuery:
    """Check that the parts of a query go together and are the caller's to ask.

    Args:
        private: whether the caller may find users by what a public profile hides.

    Raises:
        Forbidden: when a caller asks by what it may not see.
        Invalid: for parts that no index serves together, saying which.
    """
    hidden = {"role": role, "status": status, "deleted": deleted, "sort": (sort or "").lstrip("-") == "email"}
    if not private and any(hidden.values()):
        raise Forbidden("Only admins may list users by e-mail address, role, status or deletion.")
    order = sort or "-created_at"
    problems = [
        Problem(field, advice)
        for field, wrong, advice in (
            ("sort", search and sort, "goes without search, which has an order of its own"),
            ("page", search and page, "goes without search; use cursor"),
            ("deleted", search and deleted, "goes without search"),
            ("deleted", deleted and (role or status), "goes without role and status"),
            ("sort", deleted and order.lstrip("-") != "created_at", "must be created_at with deleted"),
            ("search", search and not terms(search), "must hold a letter or a digit"),
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
