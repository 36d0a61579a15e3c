"""Changes of an account's e-mail address, which controls password resets.

A change is requested with the password (`email_change_requests`) and confirmed with a token mailed to the new address.
For 72 hours it can be undone with a token mailed to the previous address, if that was verified. During this time,
nobody else can use the previous address, and nobody can sign in with it. A change by an administrator cannot be undone,
nor can changes before it.
"""

import time
from dataclasses import replace

from lamina import ids
from lamina.events.catalog import (
    EMAIL_CHANGE_UNDONE,
    EMAIL_CHANGED,
    EMAIL_RELEASED,
    EMAIL_VERIFIED,
)
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.identity.accounts import service as accounts
from lamina.identity.accounts.address_proof import prove_address, revoke_credentials
from lamina.identity.errors import BadLink
from lamina.identity.items import (
    CredentialsItem,
    EmailChangeItem,
    FormerEmailItem,
    MfaItem,
    credentials_key,
    email_change_key,
    former_email_key,
    mfa_key,
)
from lamina.identity.security_events import account_event
from lamina.identity.sessions.trusted_devices import TrustedDevicesItem, trusted_devices_key
from lamina.identity.tokens import email_links
from lamina.identity.tokens.one_time_tokens import LIFE_SECONDS, Purpose
from lamina.storage.item import Item
from lamina.storage.keys import key, value_of
from lamina.users import service as users
from lamina.users.model import User
from lamina.users.service import Amendment, Follow

UNDO_SECONDS = LIFE_SECONDS[Purpose.UNDO_EMAIL_CHANGE]
SLACK_SECONDS = 3600
"""How much longer the previous address stays reserved than the change can be undone."""


def new_email(user_id: str, change_id: str) -> str | None:
    """Return the new address of a change; None if the change is no longer pending or somebody else has the address."""
    item = waiting(user_id)
    if item is None or item.change_id != change_id or users.find_by_email(item.email):
        return None
    return str(item.email)


def former_email(user_id: str, change_id: str) -> tuple[str, bool] | None:
    """Return the address before a change and whether the change can be undone by its owner; None if it has expired."""
    try:
        item = FormerEmailItem.get(*former_email_key(user_id, change_id), consistent_read=True)
    except FormerEmailItem.DoesNotExist:
        return None
    return item.email, item.can_undo


def confirm(token: str, context: RequestContext) -> None:
    """Change the address to the one that a token was mailed to, and mark it as verified.

    Raises:
        BadLink: if the token is invalid or expired, or the password or address has changed since.
        EmailTaken: if somebody else has taken the address meanwhile.
    """
    item = email_links.find(Purpose.CONFIRM_EMAIL, token)

    def confirmed(user: User) -> Amendment:
        change = waiting(user.id)
        if change is None or change.change_id != item.bound_to:
            raise BadLink
        if change.bound_to != binding(user, accounts.credentials_of(user.id)):
            raise BadLink
        proven = prove_address(user)
        event = account_event(EMAIL_VERIFIED.of({}), user.id, context)
        # A previous address that was never verified may belong to somebody else: its owner cannot undo the change.
        released: list[Item] = []
        if user.email_verified:
            released = [_former(user, change.change_id, can_undo=True), _release(user, change.change_id, context)]
        return replace(
            proven,
            user=replace(proven.user, email=change.email, email_verified=True),
            events=[account_event(EMAIL_CHANGED.of({"change_id": change.change_id}), user.id, context), event],
            put=released,
            delete=[item, change],
            reserve_until=ids.epoch_in(UNDO_SECONDS + SLACK_SECONDS) if user.email_verified else None,
        )

    email_links.use(item, confirmed, context)


def undo(token: str, context: RequestContext) -> None:
    """Restore the address that a token was mailed to, and return the account to its owner.

    Whoever changed the address knew the password. Therefore the password, every session, key, client, webhook and
    trusted device are revoked, and so is a second factor that was activated less than 72 hours before the change or
    after it. The mail that follows lets the owner set a new password. Later changes can no longer be undone.

    Raises:
        BadLink: if the token is invalid or expired, or an administrator has set the address since.
    """
    item = email_links.find(Purpose.UNDO_EMAIL_CHANGE, token)

    def undone(user: User) -> Amendment:
        former = _changes_since(user.id, item.bound_to)
        if not former or value_of(former[0].sk) != item.bound_to or (former[0].expires_at or 0) <= time.time():
            raise BadLink
        if not all(change.can_undo for change in former):
            raise BadLink
        event = account_event(EMAIL_CHANGE_UNDONE.of({"change_id": item.bound_to}), user.id, context)
        return Amendment(
            user=replace(revoke_credentials(user), email=former[0].email, email_verified=True),
            events=[event],
            delete=[item, *_recent_factor(user.id, former[0])],
            discard=[
                *former,
                CredentialsItem(*credentials_key(user.id)),
                TrustedDevicesItem(*trusted_devices_key(user.id)),
                EmailChangeItem(*email_change_key(user.id)),
            ],
        )

    email_links.use(item, undone, context)


def set_by_admin(context: RequestContext) -> Follow:
    """Return the effects of an address change or verification by an administrator; both addresses are notified.

    The previous address is recorded even if it was not verified: earlier changes can no longer be undone. Marking an
    address as verified for the first time revokes everything created before.
    """

    def follow(before: User, after: User) -> Amendment:
        is_first_proof = after.email_verified and not before.email_verified
        amendment = prove_address(replace(after, email_verified=False)) if is_first_proof else Amendment(user=after)
        if after.email == before.email:
            return amendment
        change_id = ids.new_id()
        event = account_event(EMAIL_CHANGED.of({"change_id": change_id}), before.id, context)
        released = [_release(before, change_id, context)] if before.email_verified else []
        return replace(amendment, events=[event, *released], put=[_former(before, change_id, can_undo=False)])

    return follow


def _former(user: User, change_id: str, *, can_undo: bool) -> FormerEmailItem:
    """Return the item of the previous address."""
    return FormerEmailItem(
        *former_email_key(user.id, change_id),
        email=user.email,
        can_undo=can_undo,
        created_by=user.id,
        expires_at=ids.epoch_in(UNDO_SECONDS),
    )


def _release(user: User, change_id: str, context: RequestContext) -> OutboxItem:
    """Return the event that notifies the owner of the previous address."""
    return account_event(EMAIL_RELEASED.of({"change_id": change_id}), user.id, context)


def _changes_since(user_id: str, change_id: str) -> list[FormerEmailItem]:
    """Return the previous address of a change and of later changes, whose ids sort after it: one query."""
    partition, first = former_email_key(user_id, change_id)
    last = key("FORMER_EMAIL", "~")
    return list(FormerEmailItem.query(partition, FormerEmailItem.sk.between(first, last), consistent_read=True))


def _recent_factor(user_id: str, former: FormerEmailItem) -> list[MfaItem]:
    """Return the second factor if the person who changed the address may have created it."""
    try:
        item = MfaItem.get(*mfa_key(user_id), consistent_read=True)
    except MfaItem.DoesNotExist:
        return []
    trusted_before = ids.epoch_of(former.created_at) - UNDO_SECONDS
    is_trusted = item.active and ids.epoch_of(item.activated_at or item.created_at) < trusted_before
    return [] if is_trusted else [item]


def waiting(user_id: str) -> EmailChangeItem | None:
    """Return the pending change of address of a user."""
    try:
        return EmailChangeItem.get(*email_change_key(user_id), consistent_read=True)
    except EmailChangeItem.DoesNotExist:
        return None


def binding(user: User, credentials: CredentialsItem | None) -> str:
    """Return what a change is bound to: the address, the password and the session epoch."""
    return f"{accounts.binding(user, credentials)} {user.session_epoch}"
