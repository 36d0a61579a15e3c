"""The sample events of `events/`, and what they speak of: users, a session, tokens, a key, a client."""

import time
from dataclasses import replace
from functools import cache
from itertools import batched
from typing import Any, NamedTuple, cast

from pydantic import SecretStr

from lamina import ids
from lamina.access.policy import Action, Role
from lamina.events.request_context import RequestContext
from lamina.identity.accounts import email_changes
from lamina.identity.accounts.passwords import hash_password
from lamina.identity.accounts.service import binding
from lamina.identity.credentials.api_keys import ApiKeyItem, api_key_key
from lamina.identity.items import (
    ClientItem,
    CredentialsItem,
    EmailChangeItem,
    FormerEmailItem,
    MfaItem,
    SessionItem,
    client_key,
    credentials_key,
    email_change_key,
    former_email_key,
    mfa_key,
    refresh_token,
    session_key,
)
from lamina.identity.model import GrantType
from lamina.identity.tokens.one_time_tokens import LIFE_SECONDS, OneTimeTokenItem, Purpose
from lamina.identity.tokens.token_secrets import digest
from lamina.jobs.items import job_item
from lamina.jobs.model import Job, JobType
from lamina.settings import settings
from lamina.storage.encryption import encrypt
from lamina.storage.item import connect
from lamina.storage.keys import key
from lamina.storage.transport import DynamoDb
from lamina.users import repository, service
from lamina.users.model import Status, User
from lamina.webhooks import secret_keeping
from lamina.webhooks.items import (
    DeliveryItem,
    DirectoryItem,
    WebhookItem,
    delivery_key,
    directory_key,
    new_pending,
    set_status,
    webhook_key,
)
from lamina.webhooks.model import DeliveryStatus, WebhookScope, WebhookStatus
from local import samples
from tests.roles import declared
from tests.support.aws import PASSWORD

ADMIN = "0190a3f0-0000-7000-8000-000000000001"
VIEWER = "0190a3f0-0000-7000-8000-000000000002"
DELETED = "0190a3f0-0000-7000-8000-000000000003"
PROTECTED = "0190a3f0-0000-7000-8000-000000000004"
SESSION = "0190a3f0-0000-7000-8000-00000000000a"
CLIENT_SESSION = "0190a3f0-0000-7000-8000-00000000000b"
CLIENT = "0190a3f0-0000-7000-8000-00000000000c"
API_KEY = "0190a3f0-0000-7000-8000-00000000000d"
EMAIL_CHANGE = "0190a3f0-0000-7000-8000-000000000010"
JOB = "0190a3f0-0000-7000-8000-00000000000e"
WEBHOOK = "0190a3f0-0000-7000-8000-0000000000f1"
DELIVERY = "0190a3f0-0000-7000-8000-0000000000f2"
CREATED_AT = "2026-11-20T09:30:00.000000Z"
EPOCH = 1795167000
"""The same instant: that of the sample events, and of the code in one of them."""
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def sample(place: str) -> dict[str, Any]:
    """Return the sample event of the function at a place, `users/get`."""
    try:
        return samples.sample(place)
    except KeyError:
        from tests.support.registrations import SAMPLE  # it reads the scenarios, which import this

        raise LookupError(SAMPLE.sentence(place)) from None


def store_samples() -> None:
    """Store all that the events speak of, so that each of them succeeds.

    Composing it takes fifty calls. What it comes to is kept for a minute, and put into the next table by a few.
    """
    kept = next(iter(_kept), None)
    if kept and 0 <= time.time() - kept.at < KEPT_SECONDS:
        for part in batched(kept.items, 25, strict=False):
            _call("BatchWriteItem", RequestItems={settings().table: [{"PutRequest": {"Item": item}} for item in part]})
        return
    was_empty = not _stored_items()
    _store_samples()
    if was_empty:
        _kept[:] = [Kept(time.time(), _stored_items())]


class Kept(NamedTuple):
    """The items of all samples, and when they were composed, in seconds since the epoch."""

    at: float
    items: list[dict[str, Any]]


_kept: list[Kept] = []
KEPT_SECONDS = 60


def _stored_items() -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = _call("Scan", TableName=settings().table, ConsistentRead=True)["Items"]
    return items


def _call(operation: str, **params: Any) -> dict[str, Any]:
    return cast("DynamoDb", connect().client)._make_api_call(operation, params)


def _store_samples() -> None:
    store_sample_users()
    _store(PROTECTED, "protected", Role.VIEWER)
    _store_session(PROTECTED, SESSION, "sample-refresh-token-of-the-protected")
    _store_second_factor(VIEWER, active=False)
    _store_second_factor(PROTECTED, active=True)
    _store_link(Purpose.VERIFY_EMAIL, "sample-verification-token", VIEWER, "viewer@example.com")
    _store_link(Purpose.RESET_PASSWORD, "sample-reset-token", VIEWER, _binding(VIEWER))
    _store_link(Purpose.CONFIRM_EMAIL, "sample-confirmation-token", VIEWER, EMAIL_CHANGE)
    _store_email_change()
    _store_link(Purpose.UNDO_EMAIL_CHANGE, "sample-undo-token", PROTECTED, EMAIL_CHANGE)
    _store_former_email()
    _store_link(Purpose.SIGN_IN, "sample-sign-in-token", VIEWER, _binding(VIEWER))
    _store_link(Purpose.SECOND_FACTOR, "sample-mfa-token", PROTECTED, f"1 {service.get(PROTECTED).session_epoch}")
    _store_key()
    _store_client()
    store_job()
    _store_webhook()
    for store_sample in declared("store_sample"):
        store_sample()


def store_sample_users() -> None:
    """Store the admin and the viewer that the events come from, the viewer's session, and a deleted user."""
    _store(ADMIN, "admin", Role.ADMIN)
    _store(VIEWER, "viewer", Role.VIEWER)
    _store(DELETED, "deleted", Role.VIEWER)
    service.delete(DELETED, RequestContext(None, "samples"), if_version=lambda _: True)
    _store_session(VIEWER, SESSION, "sample-refresh-token")
    _store_session(ADMIN, SESSION, "sample-refresh-token-of-the-admin")


def _store(user_id: str, name: str, role: Role) -> None:
    user = User(
        id=user_id,
        email=f"{name}@example.com",
        username=name,
        name=f"{name} of the samples",
        role=role,
        status=Status.ACTIVE,
        created_at=CREATED_AT,
        updated_at=CREATED_AT,
    )
    credentials = CredentialsItem(*credentials_key(user_id), password_hash=_hash(), created_by=user_id)
    repository.insert(user, [], request="", also=[credentials])


def _store_session(user_id: str, session_id: str, token: str, client_id: str | None = None) -> None:
    session = SessionItem(
        *session_key(user_id, session_id),
        epoch=0,
        address="203.0.113.7",
        device="curl/8.7.1",
        client_id=client_id,
        scope="read" if client_id else None,
        created_by=user_id,
        expires_at=ids.epoch_in(3600),
    )
    session.save()
    refresh_token(digest(token), session).save()


def _store_second_factor(user_id: str, *, active: bool) -> None:
    MfaItem(
        *mfa_key(user_id),
        secret=encrypt(TOTP_SECRET, {"totp_of": user_id}),
        active=active,
        recovery=[digest("samplerecoverycode")] if active else [],
        created_by=user_id,
    ).save()


def _store_link(purpose: Purpose, text: str, user_id: str, bound_to: str) -> None:
    OneTimeTokenItem(
        key("ONETIME", digest(text)),
        "TOKEN",
        purpose=purpose,
        user_id=user_id,
        bound_to=bound_to,
        created_by=user_id,
        expires_at=ids.epoch_in(LIFE_SECONDS[purpose]),
    ).save()


def _store_email_change() -> None:
    user = service.get(VIEWER)
    EmailChangeItem(
        *email_change_key(VIEWER),
        change_id=EMAIL_CHANGE,
        email="viewer@example.org",
        bound_to=email_changes.binding(user, CredentialsItem.get(*credentials_key(VIEWER))),
        created_by=VIEWER,
    ).save()


def _store_former_email() -> None:
    """An address that a user had; it is not reserved, for nothing else takes it."""
    FormerEmailItem(
        *former_email_key(PROTECTED, EMAIL_CHANGE),
        email="protected@example.org",
        can_undo=True,
        created_by=PROTECTED,
        expires_at=ids.epoch_in(3600),
    ).save()


def _binding(user_id: str) -> str:
    return binding(service.get(user_id), CredentialsItem.get(*credentials_key(user_id)))


def _store_key() -> None:
    ApiKeyItem(
        *api_key_key(VIEWER, API_KEY),
        name="Continuous integration",
        prefix="lam_sample",
        secret_hash=digest("sample-key-secret"),
        scopes=["read"],
        created_by=VIEWER,
    ).save()


def _store_client() -> None:
    ClientItem(
        *client_key(CLIENT),
        name="Nightly import",
        secret_hash=digest("sample-client-secret"),
        scopes=["read", "write"],
        grant_types=sorted(GrantType),
        owner_id=ADMIN,
        created_by=ADMIN,
    ).save()
    _store_session(ADMIN, CLIENT_SESSION, "sample-client-refresh-token", client_id=CLIENT)


def store_job(job_id: str = JOB, **fields: Any) -> Job:
    """Store a report of users that the admin has asked for."""
    job = waiting_job(job_id, **fields)
    job_item(job).save()
    return replace(job, version=1)


def waiting_job(job_id: str, **fields: Any) -> Job:
    """Compose a report of users that waits to be begun."""
    job = Job(
        id=job_id,
        type=JobType.REPORT,
        owner_id=ADMIN,
        action=Action.REPORT_USERS,
        about=None,
        parameters={"type": "users", "format": "csv", "role": "", "status": "", "deleted": False},
        correlation_id="sample-1",
        created_at=ids.now(),
        updated_at=ids.now(),
        due_at=ids.ahead(900),
    )
    return replace(job, **fields)


def webhook_item(webhook_id: str, owner_id: str, *, secret: str) -> WebhookItem:
    """Lay out a webhook of everything that is its owner's."""
    return WebhookItem(
        *webhook_key(webhook_id),
        owner_id=owner_id,
        url="https://127.0.0.1/hooks",
        events=["*"],
        scope=WebhookScope.OWN,
        status=WebhookStatus.ENABLED,
        secret=secret,
        created_by=owner_id,
    )


def _store_webhook() -> None:
    """A webhook, and a delivery to it that is due: to a port of this machine, where nothing may be sent."""
    webhook = webhook_item(WEBHOOK, VIEWER, secret=secret_keeping.create_encrypted(WEBHOOK)[1])
    delivery = DeliveryItem(
        *delivery_key(WEBHOOK, DELIVERY),
        event_id="0190a3f0-0000-7000-8000-0000000000e1",
        event_type="user.updated",
        payload="{}",
        expires_at=ids.epoch_in(3600),
    )
    set_status(delivery, DeliveryStatus.PENDING, CREATED_AT)
    pending = new_pending(WEBHOOK, DELIVERY, CREATED_AT, urgent=False)
    directory = DirectoryItem(*directory_key(VIEWER), webhook_ids=[WEBHOOK])
    for item in (webhook, delivery, pending, directory):
        item.save()


@cache
def _hash() -> str:
    return hash_password(SecretStr(PASSWORD))
