"""Users who have one of everything that a user can have."""

from dataclasses import replace

import jwt
from pydantic import SecretStr

from lamina.access.policy import Action, Caller, Credential
from lamina.activities.recording import activity, record
from lamina.events.envelope import envelope
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.graphql.topics import user_topic
from lamina.identity.credentials import api_keys, oauth_clients, second_factor
from lamina.identity.items import EmailChangeItem, FormerEmailItem, email_change_key, former_email_key
from lamina.identity.model import CredentialRef, GrantType
from lamina.identity.sessions import sign_in
from lamina.identity.sessions.service import SignInContext
from lamina.identity.tokens.one_time_tokens import Purpose, new_token
from lamina.identity.tokens.token_secrets import digest
from lamina.ids import new_id
from lamina.jobs import service as jobs
from lamina.jobs import transitions
from lamina.jobs.model import Job, JobType, NewJob
from lamina.mail.items import is_first, mark_refused
from lamina.orders import latest as latest_orders
from lamina.orders.events import fold
from lamina.posts import latest
from lamina.posts import service as posts
from lamina.posts.indexing import update as update_index
from lamina.posts.model import NewPost, WholePost
from lamina.realtime import connections, subject_queue, subscriptions
from lamina.realtime.model import Operation
from lamina.users.model import User
from lamina.webhooks import service as webhooks
from lamina.webhooks.model import WebhookScope
from lamina.webhooks.service import NewWebhook
from tests.support.aws import PASSWORD
from tests.support.callers import acting
from tests.unit.orders.orders import placed

CONTEXT = RequestContext(None, "test")


def furnish(user: User) -> None:
    """Create a session, a second factor, a key, a client, a link, a webhook, a job and activities of a user."""
    signed_in = sign_in.sign_in(user.email, SecretStr(PASSWORD), SignInContext("203.0.113.7", "curl"), CONTEXT)
    claims = jwt.decode(signed_in.access_token, options={"verify_signature": False})
    caller = acting(user, claims["sid"])
    second_factor.enroll(user, caller)
    api_keys.create(caller, "ci", [], None, CONTEXT)
    oauth_clients.register(caller, "import", [], [GrantType.REFRESH_TOKEN], CONTEXT)
    EmailChangeItem(*email_change_key(user.id), change_id="c1", email="new@example.org", bound_to="").save()
    FormerEmailItem(*former_email_key(user.id, "c0"), email="old@example.org", can_undo=True).save()
    new_token(Purpose.VERIFY_EMAIL, user.id, user.email).item.save()
    hook = NewWebhook(url="https://example.com/hook", events=["*"], scope=WebhookScope.ALL)
    webhooks.create(caller, hook, CONTEXT)
    furnish_job(user.id)
    update_index(furnish_post(user, caller).post.id)
    latest.refresh(user.id)
    latest_orders.add(fold([replace(placed(), customer_id=user.id)]))
    furnish_connection(user, caller)
    is_first(user.id, "welcome")
    mark_refused(user.id, "former@example.com")
    record([activity(envelope(event)) for event in OutboxItem.query(f"USER#{user.id}", OutboxItem.sk.startswith("E"))])


def furnish_post(user: User, caller: Caller) -> WholePost:
    """Create a published post of a user that has had two slugs."""
    new = NewPost(
        author_id=user.id, title="A post", content="Words", slug=f"first-{user.id}", tags=("a", "b"), published=True
    )
    post = posts.create(new, CONTEXT, by=caller).post
    slug = {"slug": f"second-{user.id}"}
    return posts.update(post.id, slug, CONTEXT, if_version=lambda _: True, by=caller)


def furnish_connection(user: User, caller: Caller) -> None:
    """Create a connection of a user that follows the user itself."""
    ref = CredentialRef(
        user.id, Credential.SESSION, caller.session_id, caller.session_id, user.role, frozenset(caller.scopes)
    )
    connection_id = new_id()
    connections.open_connection(connection_id, "203.0.113.7", ref)
    connection = connections.find(connection_id)
    assert connection
    connections.initialise(connection, ref)
    topic = user_topic(user.id)
    subscriptions.begin(connection, "1", ref, Operation("subscription { x }", {}, None), topic=topic, since=1)
    subject_queue.acquire(f"user#{user.id}", "event")


def furnish_job(owner_id: str) -> Job:
    """Create a job of a user that has succeeded."""
    about = {"type": "users", "format": "csv", "role": None, "status": None, "deleted": False}
    new = NewJob(type=JobType.REPORT, owner_id=owner_id, action=Action.REPORT_USERS, about=None, parameters=about)
    job = jobs.create(new, RequestContext(owner_id, "test", digest(owner_id)))
    return jobs.change(job.id, lambda found: transitions.succeed(found, f"reports/{job.id}.csv"))
