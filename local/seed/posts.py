"""The posts of the demo, and their creation through the service that the endpoints call."""

from dataclasses import dataclass

from lamina import ids
from lamina.access.policy import Caller, session_scopes
from lamina.events.request_context import RequestContext
from lamina.posts import repository, service
from lamina.posts.model import NewPost, Visibility
from lamina.users import service as users
from local.seed.people import ADMIN, DOMAIN


@dataclass(frozen=True)
class DemoPost:
    """A demo post; `author` is a username."""

    slug: str
    author: str
    title: str
    content: str
    tags: tuple[str, ...] = ()
    published: bool = True
    visibility: Visibility = Visibility.PUBLIC


POSTS = (
    DemoPost(
        "welcome-to-lamina",
        "admin",
        "Welcome to Lamina",
        "This is a **demo post**. Everything that you can do with it in the API, you can do with your own:\n\n"
        "- publish and unpublish it,\n- give it tags and another slug,\n- find it by its words.\n\n"
        "```sh\ncurl -s http://127.0.0.1:3000/v1/posts/slug/welcome-to-lamina\n```\n",
        ("lamina", "guide"),
    ),
    DemoPost(
        "one-table-many-questions",
        "editor",
        "One table, many questions",
        "A single table answers many questions if its keys are chosen for them.\n\n"
        "| question | key |\n| --- | --- |\n"
        "| a post by its id | `POST#<id>` |\n| a post by its slug | `SLUG#<slug>` |\n\n"
        "The rest is a matter of *indexes*, which hold only what a list needs.\n",
        ("dynamodb", "design"),
    ),
    DemoPost(
        "cold-starts-measured",
        "editor",
        "Cold starts, measured",
        "Imports are most of a cold start. Measure them before you change anything:\n\n"
        "```sh\npython -X importtime -c 'import boto3'\n```\n\nThen leave out what a function does not need.\n",
        ("lambda", "performance"),
    ),
    DemoPost(
        "events-that-are-never-lost",
        "editor",
        "Events that are never lost",
        "Write the event with the change, in one transaction. "
        "A stream publishes it, and every consumer may run twice.\n",
        ("events", "design"),
    ),
    DemoPost(
        "kafi-am-see",
        "zoe.muller",
        "Kafi am See",
        "Am Morgen ist der Zürichsee noch still. Wer früh aufsteht, bekommt den besten Platz und den ersten Kaffee.\n",
        ("reisen", "zürich"),
    ),
    DemoPost(
        "le-pain-de-campagne",
        "francois.lefevre",
        "Le pain de campagne",
        "De la farine, de l'eau, du sel et du temps. *Surtout du temps.*\n\n1. Mélanger.\n2. Attendre.\n3. Cuire.\n",
        ("cuisine",),
    ),
    DemoPost(
        "tokyo-notes",
        "editor",
        "東京の朝",
        "東京の朝は早い。駅の前の小さな店で、焼きたてのパンを買う。\n",
        ("旅行", "東京"),
    ),
    DemoPost(
        "plans-for-spring",
        "editor",
        "Plans for spring",
        "A draft, which only its author and admins see.\n",
        (),
        published=False,
    ),
    DemoPost(
        "notes-to-myself",
        "editor",
        "Notes to myself",
        "Published, but private.\n",
        ("notes",),
        visibility=Visibility.PRIVATE,
    ),
)


def settle(post: DemoPost) -> bool:
    """Create a post; return False if its slug is taken or its author is missing."""
    admin_id, author_id = users.find_by_email(ADMIN.email), users.find_by_email(f"{post.author}@{DOMAIN}")
    if not admin_id or not author_id or repository.id_of(post.slug):
        return False
    admin = users.get(admin_id)
    caller = Caller(admin.id, admin.role, "", session_scopes(admin.role), session_epoch=admin.session_epoch)
    new = NewPost(
        author_id=author_id,
        title=post.title,
        content=post.content,
        slug=post.slug,
        tags=post.tags,
        visibility=post.visibility,
        published=post.published,
    )
    service.create(new, RequestContext(admin.id, f"seed-{ids.new_id()}"), by=caller)
    return True
