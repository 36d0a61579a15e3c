"""Items of identity in the table, and the index by their owner."""

from collections.abc import Iterator

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from lamina.ids import epoch_in, epoch_of
from lamina.settings import settings
from lamina.storage.item import Entry, Item
from lamina.storage.keys import key, value_of


class CredentialsItem(Item, discriminator="credentials"):
    """How a user proves itself: `USER#<id>` / `CREDENTIALS`, apart from the user so that no read of one leaks it."""

    password_hash = UnicodeAttribute()


class MfaItem(Item, discriminator="mfa"):
    """A user's second factor: `USER#<id>` / `MFA`."""

    secret = UnicodeAttribute()
    """Encrypted by KMS for this user alone, in base64."""
    active = BooleanAttribute(default=False)
    activated_at = UnicodeAttribute(null=True)
    last_step = NumberAttribute(default=0)
    recovery = JSONAttribute()
    """Hashes of the recovery codes that are left."""


class SessionItem(Item, discriminator="session"):
    """One login: `USER#<id>` / `SESSION#<sid>`. Its tokens are void without it, or if the user's epoch is newer."""

    epoch = NumberAttribute()
    address = UnicodeAttribute(null=True)
    device = UnicodeAttribute(null=True)
    last_used_at = UnicodeAttribute(null=True)
    authenticated_at = UnicodeAttribute(null=True)
    """When its user last proved to be it again; None until then: it was when the session began."""
    client_id = UnicodeAttribute(null=True)
    """The OAuth client that it belongs to; None for a person's own."""
    scope = UnicodeAttribute(null=True)
    """What a client's session may be used for; None for a person's own, which may all that the person may."""
    newest_token = UnicodeAttribute(null=True)
    """Hash of the refresh token that the last rotation made; None before the first."""
    salt = UnicodeAttribute(null=True)
    """Random; with the text of the token that was used last, which only its holder has, it makes the newest."""
    repeatable_until = NumberAttribute(null=True)
    """Unix seconds until which the token that was used last may be used again."""


class EmailChangeItem(Item, discriminator="email_change"):
    """A change of address that waits for its proof: `USER#<id>` / `EMAIL_CHANGE`. A later one takes its place."""

    change_id = UnicodeAttribute()
    email = UnicodeAttribute()
    """The new address."""
    bound_to = UnicodeAttribute()
    """What must still be so when it is confirmed."""


class FormerEmailItem(Item, discriminator="former_email"):
    """An address that a user had: `USER#<id>` / `FORMER_EMAIL#<id of the change>`."""

    email = UnicodeAttribute()
    can_undo = BooleanAttribute()
    """Whether its holder may put it back."""


class RefreshTokenItem(Item, discriminator="refresh_token"):
    """A refresh token, by its hash: `REFRESH#<sha256>` / `TOKEN`."""

    user_id = UnicodeAttribute()
    session_id = UnicodeAttribute()
    used_at = UnicodeAttribute(null=True)
    """When it was used; it is kept until it expires, so that a second use is noticed."""
    client_id = UnicodeAttribute(null=True)
    """The OAuth client that it was issued to."""


def credentials_key(user_id: str) -> tuple[str, str]:
    """Give the key of a user's credentials."""
    return key("USER", user_id), "CREDENTIALS"


def mfa_key(user_id: str) -> tuple[str, str]:
    """Return the key of a user's second factor."""
    return key("USER", user_id), "MFA"


def session_key(user_id: str, session_id: str) -> tuple[str, str]:
    """Give the key of a session."""
    return key("USER", user_id), key("SESSION", session_id)


def email_change_key(user_id: str) -> tuple[str, str]:
    """Return the key of the change of address that waits for its proof."""
    return key("USER", user_id), "EMAIL_CHANGE"


def former_email_key(user_id: str, change_id: str) -> tuple[str, str]:
    """Return the key of the address that a user had before a change."""
    return key("USER", user_id), key("FORMER_EMAIL", change_id)


def refresh_token_key(digest: str) -> tuple[str, str]:
    """Give the key of a refresh token by its SHA-256 in hexadecimal."""
    return key("REFRESH", digest), "TOKEN"


REFRESH_SECONDS = 30 * 24 * 3600


def refresh_token(digest: str, session: SessionItem) -> RefreshTokenItem:
    """Return a refresh token of a session, good for 30 days but not beyond the session's end; `digest` is its hash."""
    token = RefreshTokenItem(
        *refresh_token_key(digest),
        user_id=value_of(session.pk),
        session_id=value_of(session.sk),
        client_id=session.client_id,
        created_by=session.created_by,
        expires_at=min(epoch_in(REFRESH_SECONDS), last_second(session)),
    )
    add_to_owner_index(token.user_id, token)
    return token


def last_second(session: SessionItem) -> int:
    """Return the Unix time at which a session ends, however often it is refreshed."""
    return epoch_of(session.created_at) + settings().session_days * 24 * 3600


class ClientItem(Item, discriminator="oauth_client"):
    """A client: `CLIENT#<id>` / `CLIENT`; its id is its `client_id`."""

    name = UnicodeAttribute()
    secret_hash = UnicodeAttribute()
    scopes = JSONAttribute()
    grant_types = JSONAttribute()
    owner_id = UnicodeAttribute()
    granted_role = UnicodeAttribute(null=True)
    granted_epoch = NumberAttribute(default=0)
    credential_epoch = NumberAttribute(default=0)


def client_key(client_id: str) -> tuple[str, str]:
    """Give the key of a client."""
    return key("CLIENT", client_id), "CLIENT"


def add_to_owner_index(user_id: str, item: Item) -> None:
    """Let an item be found by its owner, in `gsi4`: one write unit more."""
    item.gsi4pk = key("OWNER", user_id)
    item.gsisk = item.gsisk or item.pk


def owned_items(user_id: str) -> Iterator[Entry]:
    """Yield the keys of the tokens and clients of a user."""
    yield from Entry.gsi4.query(key("OWNER", user_id))
