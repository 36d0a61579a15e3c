"""Mailed links: a token is looked up, and is used up together with the change that it allows."""

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
    """Return the item of a mailed token.

    Raises:
        BadLink: if the token is invalid or expired.
    """
    item = one_time_tokens.find(purpose, token)
    if item is None:
        raise BadLink
    return item


def use(item: OneTimeTokenItem, edit: Callable[[User], Amendment], context: RequestContext) -> None:
    """Change the user of a token and use up the token, in one transaction.

    Args:
        item: the token.
        edit: returns the change, which also deletes the token; called again with the current user if it is changed
            concurrently.
        context: the request.

    Raises:
        BadLink: if the token has been used meanwhile, or its user no longer exists.
    """

    def checked(user: User) -> Amendment:
        if one_time_tokens.is_spent(item):
            raise BadLink
        return edit(user)

    try:
        users.amend(item.user_id, checked, context)
    except NotFound:
        raise BadLink from None
