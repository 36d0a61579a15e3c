"""Links that were mailed: the token in one is found, and is spent along with what it allows."""

from collections.abc import Callable

from lamina.errors import NotFound
from lamina.events.request_context import RequestContext
from lamina.identity.errors import BadLink
from lamina.identity.tokens import one_time_tokens
from lamina.identity.tokens.one_time_tokens import OneTimeTokenItem, Purpose
from lamina.users import service as users
from lamina.users.model import User
from lamina.users.service import Amendment


def find(purpose: Purpose, token: str) -> OneTimeTokenItem:
    """Find what a mailed token stands for.

    Raises:
        BadLink: when it is not good, or no longer.
    """
    item = one_time_tokens.find(purpose, token)
    if item is None:
        raise BadLink
    return item


def use(item: OneTimeTokenItem, edit: Callable[[User], Amendment], context: RequestContext) -> None:
    """Change the user of a token and spend the token, in one transaction.

    Args:
        item: the token.
        edit: gives the change, which also deletes the token; called again with the user as it then is when others
            change it at the same time.
        cause: the request.

    Raises:
        BadLink: when somebody has used it since, or its user is no longer.
    """

    def checked(user: User) -> Amendment:
        if one_time_tokens.is_spent(item):
            raise BadLink
        return edit(user)

    try:
        users.amend(item.user_id, checked, context)
    except NotFound:
        raise BadLink from None
