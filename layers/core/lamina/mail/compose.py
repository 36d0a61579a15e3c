"""Which mail follows from which event, and what it says.

The tokens in links are made here, at the moment of writing: no event and no queue ever holds one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from lamina.errors import NotFound
from lamina.events import catalog
from lamina.events.consumer import Event
from lamina.identity import accounts, one_time, sessions
from lamina.identity.one_time import OneTimeTokenItem, Purpose
from lamina.mail.items import is_first
from lamina.settings import settings
from lamina.users.model import User
from lamina.webhooks.model import REASONS, DisabledReason


@dataclass(frozen=True)
class Mail:
    """A mail to be sent.

    Attributes:
        template: the name of its templates.
        subject: its subject line.
        values: what the templates fill in.
        token: the item of the token in its link, to be stored before anybody can follow the link.
    """

    template: str
    subject: str
    values: Mapping[str, str]
    token: OneTimeTokenItem | None = None


def verification(user: User, _: Event) -> Mail | None:
    """Prove an address; there is none where it is proven."""
    if user.email_verified:
        return None
    link, token = _link("verify-email", Purpose.VERIFY_EMAIL, user, bound_to=user.email)
    return Mail("verification", "Verify your e-mail address", {"link": link}, token)


def welcome(user: User, event: Event) -> Mail | None:
    """Welcome who has proven an address for the first time; a changed address is proven without."""
    if not is_first(user.id, event["id"]):
        return None
    return Mail("welcome", "Welcome to Lamina", {"name": user.name, "link": _page()})


def reset(user: User, _: Event) -> Mail:
    """Let a password be reset."""
    bound_to = accounts.binding(user, accounts.credentials_of(user.id))
    link, token = _link("reset-password", Purpose.RESET_PASSWORD, user, bound_to)
    return Mail("reset", "Reset your password", {"link": link}, token)


def password_changed(_: User, __: Event) -> Mail:
    """Tell of a new password, in case it was somebody else's doing."""
    return Mail("password_changed", "Your password was changed", {"link": _page("forgot-password")})


def suspicious_sign_in(user: User, event: Event) -> Mail | None:
    """Tell of a sign-in from where there was none before; there is none where its session has been ended since."""
    try:
        session = sessions.get(user.id, event["data"]["session_id"])
    except NotFound:
        return None
    values = {
        "at": _moment(event["occurred_at"]),
        "address": session.address or "unknown",
        "device": session.device or "unknown",
        "link": _page("forgot-password"),
    }
    return Mail("suspicious_sign_in", "A new sign-in to your account", values)


def webhook_disabled(_: User, event: Event) -> Mail:
    """Tell the owner of a webhook that nothing is sent to it any more."""
    reason = REASONS[DisabledReason(event["data"]["reason"])]
    values = {**event["data"], "reason": reason, "at": _moment(event["occurred_at"])}
    return Mail("webhook_disabled", "Your webhook was disabled", values)


MAILS: dict[str, Callable[[User, Event], Mail | None]] = {
    catalog.USER_CREATED.name: verification,
    catalog.EMAIL_VERIFICATION_REQUESTED.name: verification,
    catalog.EMAIL_VERIFIED.name: welcome,
    catalog.PASSWORD_RESET_REQUESTED.name: reset,
    catalog.PASSWORD_CHANGED.name: password_changed,
    catalog.PASSWORD_RESET.name: password_changed,
    catalog.SIGN_IN_SUSPICIOUS.name: suspicious_sign_in,
    catalog.WEBHOOK_DISABLED.name: webhook_disabled,
}
"""The events that a mail follows; the rule of the queue lets these in."""


def _link(page: str, purpose: Purpose, user: User, bound_to: str) -> tuple[str, OneTimeTokenItem]:
    token = one_time.new_token(purpose, user.id, bound_to)
    return f"{_page(page)}?{urlencode({'token': token.text})}", token.item


def _page(path: str = "") -> str:
    """Where a page for people is."""
    return f"{settings().app_url or settings().public_url}/{path}".rstrip("/")


def _moment(instant: str) -> str:
    """Write an instant for people, to the minute."""
    return f"{instant[:10]} {instant[11:16]} UTC"
