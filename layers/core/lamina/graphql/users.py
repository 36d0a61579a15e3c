"""Resolvers of users."""

from collections.abc import Mapping
from typing import Any

from graphql.pyutils import camel_to_snake

from lamina.access.policy import Action, may, refusal, require
from lamina.errors import NotFound
from lamina.graphql.arguments import UsersArguments, given, identifier, if_version, validated
from lamina.graphql.context import Context
from lamina.graphql.schema import Model, Resolver
from lamina.identity.accounts import registration
from lamina.identity.accounts.email_changes import set_by_admin
from lamina.identity.accounts.schemas import NewUserInput
from lamina.users import service
from lamina.users.authorization import require_create, require_update
from lamina.users.listing import list_users
from lamina.users.model import User
from lamina.users.queries import user_query
from lamina.users.schemas import UserChange, sees_all
from lamina.users.service import NO_SUCH_USER, NewUser

PRIVATE = ("email", "age", "locale", "role", "status", "emailVerified", "metadata", "version", "updatedAt", "createdBy")
"""Fields beyond the public profile."""


def me(context: Context) -> User:
    """Return the caller's own user."""
    require(context.caller, Action.USER_READ, owner_id=context.caller.user_id)
    return service.get(context.caller.user_id)


async def user(context: Context, id: str) -> User:  # noqa: A002 (the name in the schema)
    """Return a user."""
    user_id = identifier(id)
    require(context.caller, Action.USER_READ, owner_id=user_id)
    found = await context.loaders.users.load(user_id)
    if found is None or found.deleted_at:
        raise NotFound(NO_SUCH_USER)
    return found


def users(context: Context, **arguments: object) -> list[User]:
    """Return a list of users."""
    require(context.caller, Action.USER_LIST)
    wanted = UsersArguments.of(arguments)
    wanted.check(search=wanted.search)
    private = may(context.caller, Action.USER_LIST_PRIVATE)
    query = user_query(
        sort=None, role=None, status=None, search=wanted.search, deleted=False, page=None, private=private
    )
    return list_users(query, wanted.limit, offset=wanted.offset).items


def create_user(context: Context, input: Mapping[str, Any]) -> User:  # noqa: A002
    """Create a user."""
    body = validated(NewUserInput, {"name": input["username"], **given(input)})
    require_create(context.caller, body.role, with_password=body.password is not None)
    new = NewUser(**body.model_dump(exclude={"password"}))
    return registration.register(new, body.password, context.request_context, by=context.caller)


def update_user(context: Context, id: str, input: Mapping[str, Any], version: int | None = None) -> User:  # noqa: A002
    """Update a user."""
    user_id = identifier(id)
    changes = validated(UserChange, input).model_dump(exclude_unset=True)
    require_update(context.caller, user_id, changes.keys())
    return service.update(
        user_id,
        changes,
        context.request_context,
        if_version=if_version(version),
        by=context.caller,
        follow=set_by_admin(context.request_context),
        merge=True,
    )


def created_at(found: User, context: Context) -> str:
    """Return when a user was created; posts show their authors without it to those who are not signed in."""
    require(context.caller, Action.USER_READ, owner_id=found.id)
    return found.created_at


def _private(name: str) -> Resolver:
    """Return the resolver of a field that only the user itself and admins may read."""

    def resolve(found: User, context: Context) -> object:
        if not sees_all(found, context.caller):
            raise refusal(context.caller, Action.USER_READ_PRIVATE, owner_id=found.id)
        return getattr(found, camel_to_snake(name))

    return resolve


MODELS = {"User": Model(User)}
RESOLVERS: dict[str, Resolver] = {
    "Query.me": me,
    "Query.user": user,
    "Query.users": users,
    "Mutation.createUser": create_user,
    "Mutation.updateUser": update_user,
    "User.createdAt": created_at,
    **{f"User.{name}": _private(name) for name in PRIVATE},
}
