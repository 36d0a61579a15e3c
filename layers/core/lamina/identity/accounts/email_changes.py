"""Changing the e-mail address of an account, through which its password can be reset.

It is asked for with the password (`email_change_requests`), done by a token that is mailed to the new address, and can
be undone for 72 hours by a token that is mailed to the former one, if that was proven. So long nobody else can take the
former address, and nobody can sign in by it. What an administrator sets can be undone by nobody, nor what was before.
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
"""How much longer the former address stays reserved than it can be put back."""


def new_email(user_id: str, change_id: str) -> str | None:
    """Return the address that a change is to, None if it no longer waits or somebody has the address."""
    item = waiting(user_id)
    if item is None or item.change_id != change_id or users.find_by_email(item.email):
        return None
    return str(item.email)


def former_email(user_id: str, change_id: str) -> tuple[str, bool] | None:
    """Return the address that a user had before a change, and whether its holder may put it back; None when over."""
    try:
        item = FormerEmailItem.get(*former_email_key(user_id, change_id), consistent_read=True)
    except FormerEmailItem.DoesNotExist:
        return None
    return item.email, item.can_undo


def confirm(token: str, context: RequestContext) -> None:
    """Set the address that a token was mailed to: it is proven by that.

    Raises:
        BadLink: when the token is not good, or no longer; or the password, or the address, was changed since.
        EmailTaken: when somebody else has taken the address in between.
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
        # An address that was never proven may be a stranger's, by a slip or by intent: it gets no say in the account.
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
    """Put back the address that a token was mailed to, and give the account to whoever holds it.

    Whoever changed the address knew the password. So the password goes as well as every session, key, client, webhook
    and known device, and a second factor that was activated less than 72 hours before the change, or since. The mail
    that follows lets the owner set a password. Later changes can no longer be undone.

    Raises:
        BadLink: when the token is not good, or no longer; or an administrator has set the address since.
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
    """Return what follows when an administrator sets an address, so that both are told, or vouches for one.

    The former address is noted even if it was not proven: no earlier change can be undone from then on.
    To vouch for an address that was never proven is its first proof: what was made before it is revoked.
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
    """Compose the former address."""
    return FormerEmailItem(
        *former_email_key(user.id, change_id),
        email=user.email,
        can_undo=can_undo,
        created_by=user.id,
        expires_at=ids.epoch_in(UNDO_SECONDS),
    )


def _release(user: User, change_id: str, context: RequestContext) -> OutboxItem:
    """Compose the event by which the holder of the former address is told."""
    return account_event(EMAIL_RELEASED.of({"change_id": change_id}), user.id, context)


def _changes_since(user_id: str, change_id: str) -> list[FormerEmailItem]:
    """Read the former address of a change, and those of later changes, whose ids sort behind it: one query."""
    partition, first = former_email_key(user_id, change_id)
    last = key("FORMER_EMAIL", "~")
    return list(FormerEmailItem.query(partition, FormerEmailItem.sk.between(first, last), consistent_read=True))


def _recent_factor(user_id: str, former: FormerEmailItem) -> list[MfaItem]:
    """Return the second factor if it may be that of whoever changed the address."""
    try:
        item = MfaItem.get(*mfa_key(user_id), consistent_read=True)
    except MfaItem.DoesNotExist:
        return []
    trusted_before = ids.epoch_of(former.created_at) - UNDO_SECONDS
    is_trusted = item.active and ids.epoch_of(item.activated_at or item.created_at) < trusted_before
    return [] if is_trusted else [item]


def waiting(user_id: str) -> EmailChangeItem | None:
    """Return the change of address of a user that waits for its proof."""
    try:
        return EmailChangeItem.get(*email_change_key(user_id), consistent_read=True)
    except EmailChangeItem.DoesNotExist:
        return None


def binding(user: User, credentials: CredentialsItem | None) -> str:
    """Return what a change is bound to: the address, the password, and that not all sessions were ended since."""
    return f"{accounts.binding(user, credentials)} {user.session_epoch}"
