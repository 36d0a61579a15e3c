"""Table items of identity, and the index of items by owner."""

from collections.abc import Iterator

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from lamina.ids import epoch_in, epoch_of
from lamina.settings import settings
from lamina.storage.item import Entry, Item
from lamina.storage.keys import key, value_of


class CredentialsItem(Item, discriminator="credentials"):
    """The credentials of a user: `USER#<id>` / `CREDENTIALS`, apart from the user so that no read of one leaks them."""

    password_hash = UnicodeAttribute()


class MfaItem(Item, discriminator="mfa"):
    """A user's second factor: `USER#<id>` / `MFA`."""

    secret = UnicodeAttribute()
    """Encrypted by KMS for this user, in base64."""
    active = BooleanAttribute(default=False)
    activated_at = UnicodeAttribute(null=True)
    last_step = NumberAttribute(default=0)
    recovery = JSONAttribute()
    """Hashes of the unused recovery codes."""


class SessionItem(Item, discriminator="session"):
    """A session: `USER#<id>` / `SESSION#<sid>`. Without it, or if the user's epoch is newer, its tokens are void."""

    epoch = NumberAttribute()
    address = UnicodeAttribute(null=True)
    device = UnicodeAttribute(null=True)
    last_used_at = UnicodeAttribute(null=True)
    authenticated_at = UnicodeAttribute(null=True)
    """Time of the last reauthentication; None if there was none since the session began."""
    client_id = UnicodeAttribute(null=True)
    """The OAuth client of the session; None for a user's own."""
    scope = UnicodeAttribute(null=True)
    """The scopes of a client's session; None for a user's own, which is not restricted."""
    newest_token = UnicodeAttribute(null=True)
    """Hash of the refresh token that the last rotation created; None before the first."""
    salt = UnicodeAttribute(null=True)
    """Random salt. With the text of the previous token, known only to its holder, it yields the newest token."""
    repeatable_until = NumberAttribute(null=True)
    """Unix time until which the previous token may be repeated."""


class EmailChangeItem(Item, discriminator="email_change"):
    """A pending change of address: `USER#<id>` / `EMAIL_CHANGE`. A later change replaces it."""

    change_id = UnicodeAttribute()
    email = UnicodeAttribute()
    """The new address."""
    bound_to = UnicodeAttribute()
    """The state that must be unchanged when the change is confirmed."""


class FormerEmailItem(Item, discriminator="former_email"):
    """A previous address of a user: `USER#<id>` / `FORMER_EMAIL#<id of the change>`."""

    email = UnicodeAttribute()
    can_undo = BooleanAttribute()
    """Whether its owner may undo the change."""


class RefreshTokenItem(Item, discriminator="refresh_token"):
    """A refresh token, by its hash: `REFRESH#<sha256>` / `TOKEN`."""

    user_id = UnicodeAttribute()
    session_id = UnicodeAttribute()
    used_at = UnicodeAttribute(null=True)
    """Time of its use; the item is kept until it expires, so that reuse is detected."""
    client_id = UnicodeAttribute(null=True)
    """The OAuth client that it was issued to."""


def credentials_key(user_id: str) -> tuple[str, str]:
    """Return the key of a user's credentials."""
    return key("USER", user_id), "CREDENTIALS"


def mfa_key(user_id: str) -> tuple[str, str]:
    """Return the key of a user's second factor."""
    return key("USER", user_id), "MFA"


def session_key(user_id: str, session_id: str) -> tuple[str, str]:
    """Return the key of a session."""
    return key("USER", user_id), key("SESSION", session_id)


def email_change_key(user_id: str) -> tuple[str, str]:
    """Return the key of a user's pending change of address."""
    return key("USER", user_id), "EMAIL_CHANGE"


def former_email_key(user_id: str, change_id: str) -> tuple[str, str]:
    """Return the key of the address that a user had before a change."""
    return key("USER", user_id), key("FORMER_EMAIL", change_id)


def refresh_token_key(digest: str) -> tuple[str, str]:
    """Return the key of a refresh token by its SHA-256 in hexadecimal."""
    return key("REFRESH", digest), "TOKEN"


REFRESH_SECONDS = 30 * 24 * 3600


def refresh_token(digest: str, session: SessionItem) -> RefreshTokenItem:
    """Return a refresh token of a session, valid for 30 days but not beyond the session; `digest` is its hash."""
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
    """Return the Unix time at which a session ends, even if it is refreshed."""
    return epoch_of(session.created_at) + settings().session_days * 24 * 3600


class ClientItem(Item, discriminator="oauth_client"):
    """An OAuth client: `CLIENT#<id>` / `CLIENT`; its id is its `client_id`."""

    name = UnicodeAttribute()
    secret_hash = UnicodeAttribute()
    scopes = JSONAttribute()
    grant_types = JSONAttribute()
    owner_id = UnicodeAttribute()
    granted_role = UnicodeAttribute(null=True)
    granted_epoch = NumberAttribute(default=0)
    credential_epoch = NumberAttribute(default=0)


def client_key(client_id: str) -> tuple[str, str]:
    """Return the key of an OAuth client."""
    return key("CLIENT", client_id), "CLIENT"


def add_to_owner_index(user_id: str, item: Item) -> None:
    """Add an item to the index by owner, `gsi4`, at the cost of one more write unit."""
    item.gsi4pk = key("OWNER", user_id)
    item.gsisk = item.gsisk or item.pk


def owned_items(user_id: str) -> Iterator[Entry]:
    """Yield the keys of the tokens and clients of a user."""
    yield from Entry.gsi4.query(key("OWNER", user_id))
