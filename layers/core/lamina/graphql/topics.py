"""The fields of `Subscription`: what each is about, and what an event gives it.

The function executes a subscription's operation twice. When the client sends it, the fields find the topic, and refuse
callers who may not have it. When an event of the topic arrives, they return the event's subject, if the caller may read
it at that moment.
"""

from collections.abc import Callable
from dataclasses import dataclass

from graphql import GraphQLError

from lamina import ids
from lamina.access.policy import Action, require
from lamina.errors import NotFound
from lamina.graphql.arguments import identifier
from lamina.graphql.context import Context
from lamina.graphql.schema import Resolver
from lamina.jobs import service as jobs
from lamina.jobs.model import Job
from lamina.orders.authorization import reach, require_allowed
from lamina.orders.model import Order
from lamina.posts import reading
from lamina.posts.errors import PostNotFound
from lamina.posts.model import WrittenPost
from lamina.storage.keys import SHARDS, shard_of
from lamina.users import service as users
from lamina.users.model import User
from lamina.users.schemas import sees_all
from lamina.users.service import NO_SUCH_USER

USER_UPDATED = "userUpdated"
POST_PUBLISHED = "postPublished"
JOB_UPDATED = "jobUpdated"
ORDER_UPDATED = "orderUpdated"
PUBLIC = frozenset({"username", "name", "avatar_url"})
"""Fields of the public profile that can change."""


@dataclass(frozen=True)
class Topic:
    """What a subscription is about.

    Attributes:
        name: as stored (`userUpdated#<id>`).
        since: version of the subject when it was read; 0 if the topic has several subjects.
    """

    name: str
    since: int = 0


@dataclass
class Beginning:
    """The root object when a client subscribes: the field sets its topic."""

    topic: Topic | None = None


@dataclass(frozen=True)
class Occurrence[Subject]:
    """The root object when an event arrives.

    Attributes:
        subject: the user, the post, the job or the order as of the event.
        changed: the fields that it changed, if the event says so.
    """

    subject: Subject
    changed: frozenset[str] = frozenset()


class Begun(GraphQLError):
    """Ends the execution that finds the topic."""

    def __init__(self) -> None:
        super().__init__("begun")


def user_topic(user_id: str) -> str:
    """Return the topic of a user."""
    return f"{USER_UPDATED}#{user_id}"


def job_topic(job_id: str) -> str:
    """Return the topic of a job."""
    return f"{JOB_UPDATED}#{job_id}"


def order_topic(order_id: str) -> str:
    """Return the topic of an order."""
    return f"{ORDER_UPDATED}#{order_id}"


def author_topic(author_id: str) -> str:
    """Return the topic of the posts of an author."""
    return f"{POST_PUBLISHED}#{author_id}"


def post_topics() -> list[str]:
    """Return the topics of all posts: shards, because one partition of the table takes 1,000 writes a second."""
    return [f"{POST_PUBLISHED}#all#{shard}" for shard in range(SHARDS)]


def _user_begins(context: Context, id: str) -> Topic:  # noqa: A002 (the name in the schema)
    user_id = identifier(id)
    require(context.caller, Action.USER_READ, owner_id=user_id)
    return Topic(user_topic(user_id), users.get(user_id).version)


def _user(event: "Occurrence[User]", context: Context, id: str) -> User:  # noqa: A002, ARG001
    found = event.subject
    require(context.caller, Action.USER_READ, owner_id=found.id)
    # Whoever sees the public profile only must not learn that something else has changed.
    is_visible = bool(event.changed & PUBLIC) or sees_all(found, context.caller)
    if found.deleted_at or not is_visible:
        raise NotFound(NO_SUCH_USER)
    return found


def _post_begins(_: Context, author_id: str | None = None) -> Topic:
    if author_id is not None:
        return Topic(author_topic(identifier(author_id)))
    return Topic(post_topics()[shard_of(ids.new_id())])


def _post(event: "Occurrence[WrittenPost]", context: Context, author_id: str | None = None) -> WrittenPost:  # noqa: ARG001
    found = event.subject
    if not found.post.published or not reading.may_read(context.reader, found.post) or found.author.deleted_at:
        raise PostNotFound
    return found


def _job_begins(context: Context, id: str) -> Topic:  # noqa: A002
    found = jobs.get_for(context.caller, identifier(id))
    return Topic(job_topic(found.id), found.version)


def _job(event: "Occurrence[Job]", context: Context, id: str) -> Job:  # noqa: A002, ARG001
    found = event.subject
    require(context.caller, Action.JOB_READ, owner_id=found.owner_id)
    return found


def _order_begins(context: Context, id: str) -> Topic:  # noqa: A002
    found = reach(context.caller, Action.ORDER_READ, identifier(id))
    return Topic(order_topic(found.id), found.version)


def _order(event: "Occurrence[Order]", context: Context, id: str) -> Order:  # noqa: A002, ARG001
    require_allowed(context.caller, Action.ORDER_READ, event.subject)
    return event.subject


def _root[Subject](begins: Callable[..., Topic], resolve: Callable[..., Subject]) -> Resolver:
    """Return the resolver of a field of `Subscription`."""

    def resolver(root: "Beginning | Occurrence[Subject]", context: Context, **arguments: object) -> Subject:
        if isinstance(root, Beginning):
            root.topic = begins(context, **arguments)
            raise Begun
        return resolve(root, context, **arguments)

    return resolver


RESOLVERS: dict[str, Resolver] = {
    f"Subscription.{USER_UPDATED}": _root(_user_begins, _user),
    f"Subscription.{POST_PUBLISHED}": _root(_post_begins, _post),
    f"Subscription.{JOB_UPDATED}": _root(_job_begins, _job),
    f"Subscription.{ORDER_UPDATED}": _root(_order_begins, _order),
}
