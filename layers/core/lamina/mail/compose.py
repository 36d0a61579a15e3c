"""Composes the mails for events.

The tokens of links are created here, when the mail is written: no event and no queue contains one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from lamina.errors import NotFound
from lamina.events import catalog
from lamina.events.envelope import Event
from lamina.identity.accounts import email_changes
from lamina.identity.accounts import service as accounts
from lamina.identity.sessions import service as sessions
from lamina.identity.tokens import one_time_tokens
from lamina.identity.tokens.one_time_tokens import OneTimeTokenItem, Purpose
from lamina.mail.items import is_first
from lamina.settings import settings
from lamina.users.model import User
from lamina.webhooks.model import REASONS, DisabledReason

EMAIL_CHANGED = "The e-mail address of your account was changed"
PASSWORD_KNOWN = "Somebody entered your password from a new location and was asked for a code"  # noqa: S105 (a sentence)


@dataclass(frozen=True)
class Mail:
    """A mail to be sent.

    Attributes:
        template: name of its templates.
        subject: subject line.
        values: template values; must not contain text that somebody other than the recipient may have chosen.
        token: item of the token of its link, to be stored before the mail is sent.
        to: target address; `""` for that of the account.
        kind: kind of the rate limit per account; `""` for no limit.
    """

    template: str
    subject: str
    values: Mapping[str, str]
    token: OneTimeTokenItem | None = None
    to: str = ""
    kind: str = ""


def verification(user: User, _: Event) -> Mail | None:
    """Return the verification mail; None if the address is already verified."""
    if user.email_verified:
        return None
    link, token = _link("verify-email", Purpose.VERIFY_EMAIL, user, bound_to=user.email)
    return Mail("verification", "Verify your e-mail address", {"link": link}, token, kind="verification")


def welcome(user: User, event: Event) -> Mail | None:
    """Return the welcome mail after the first verification of an address; None after a changed address."""
    if not is_first(user.id, event["id"]):
        return None
    return Mail("welcome", "Welcome to Lamina", {"link": _page()})


def reset(user: User, _: Event) -> Mail:
    """Return the mail with a password reset link."""
    return replace(_reset(user, "reset", "Reset your password"), kind="reset")


def sign_in_link(user: User, _: Event) -> Mail:
    """Return the mail with a sign-in link."""
    bound_to = accounts.binding(user, accounts.credentials_of(user.id))
    link, token = _link("sign-in-link", Purpose.SIGN_IN, user, bound_to)
    return Mail("sign_in_link", "Your sign-in link", {"link": link}, token, kind="sign_in_link")


def email_restored(user: User, _: Event) -> Mail:
    """Return the mail to a restored address, with a link to set the password, which has been removed."""
    return _reset(user, "email_restored", "Your e-mail address was restored")


def email_change(user: User, event: Event) -> Mail | None:
    """Return the confirmation mail to a new address; None if the address is taken."""
    change_id = event["data"]["change_id"]
    address = email_changes.new_email(user.id, change_id)
    if address is None:
        return None
    link, token = _link("confirm-email", Purpose.CONFIRM_EMAIL, user, bound_to=change_id)
    return Mail("confirm_email", "Confirm your new e-mail address", {"link": link}, token, to=address)


def email_released(user: User, event: Event) -> Mail | None:
    """Return the mail that notifies the previous address of a change, with a link to undo it if that is allowed."""
    change_id = event["data"]["change_id"]
    found = email_changes.former_email(user.id, change_id)
    if found is None:
        return None
    address, can_undo = found
    at = _moment(event["occurred_at"])
    if not can_undo:
        values = {"what": EMAIL_CHANGED, "at": at, "link": ""}
        return Mail("notice", EMAIL_CHANGED, values, to=address)
    link, token = _link("undo-email-change", Purpose.UNDO_EMAIL_CHANGE, user, bound_to=change_id)
    values = {"at": at, "link": link}
    return Mail("undo_email_change", EMAIL_CHANGED, values, token, to=address)


def notice(what: str) -> Callable[[User, Event], Mail | None]:
    """Return a function that returns a notice about a security-relevant change."""

    def compose(user: User, event: Event) -> Mail | None:
        return _notice(user, event, what)

    return compose


def second_factor_requested(user: User, event: Event) -> Mail | None:
    """Return the notice that somebody at an unknown location knows the password and was asked for a code."""
    return _notice(user, event, PASSWORD_KNOWN) if event["data"]["is_new_place"] else None


def suspicious_sign_in(user: User, event: Event) -> Mail | None:
    """Return the mail about a sign-in from an unknown location; None if its session has already ended."""
    if not user.email_verified:
        return None
    try:
        session = sessions.get(user.id, event["data"]["session_id"])
    except NotFound:
        return None
    values = {
        "at": _moment(event["occurred_at"]),
        "address": session.address or "unknown",
        "link": _page("forgot-password"),
    }
    return Mail("suspicious_sign_in", "A new sign-in to your account", values)


def webhook_disabled(_: User, event: Event) -> Mail:
    """Return the mail to the owner of a webhook that was disabled."""
    reason = REASONS[DisabledReason(event["data"]["reason"])]
    webhook_id = event["data"]["webhook_id"]
    values = {"webhook_id": webhook_id, "reason": reason, "at": _moment(event["occurred_at"])}
    return Mail("webhook_disabled", "Your webhook was disabled", values)


MAILS: dict[str, Callable[[User, Event], Mail | None]] = {
    catalog.USER_CREATED.name: verification,
    catalog.EMAIL_VERIFICATION_REQUESTED.name: verification,
    catalog.EMAIL_VERIFIED.name: welcome,
    catalog.PASSWORD_RESET_REQUESTED.name: reset,
    catalog.PASSWORD_CHANGED.name: notice("Your password was changed"),
    catalog.PASSWORD_RESET.name: notice("Your password was changed"),
    catalog.EMAIL_CHANGE_REQUESTED.name: email_change,
    catalog.EMAIL_CHANGED.name: notice(EMAIL_CHANGED),
    catalog.EMAIL_RELEASED.name: email_released,
    catalog.EMAIL_CHANGE_UNDONE.name: email_restored,
    catalog.MFA_ACTIVATED.name: notice("A second factor was added to your account"),
    catalog.MFA_DISABLED.name: notice("The second factor of your account was disabled"),
    catalog.MFA_REMOVED.name: notice("The second factor of your account was removed by an administrator"),
    catalog.API_KEY_CREATED.name: notice("An API key of your account was created"),
    catalog.API_KEY_REVOKED.name: notice("An API key of your account was revoked"),
    catalog.OAUTH_CLIENT_CREATED.name: notice("An OAuth client of your account was created"),
    catalog.OAUTH_CLIENT_DELETED.name: notice("An OAuth client of your account was removed"),
    catalog.WEBHOOK_SECRET_ROTATED.name: notice("The secret of a webhook of yours was rotated"),
    catalog.SECOND_FACTOR_REQUESTED.name: second_factor_requested,
    catalog.SIGN_IN_LINK_REQUESTED.name: sign_in_link,
    catalog.SIGN_IN_SUSPICIOUS.name: suspicious_sign_in,
    catalog.WEBHOOK_DISABLED.name: webhook_disabled,
}
"""The events that cause mails; the rule of the queue matches these."""


def _notice(user: User, event: Event, what: str) -> Mail | None:
    """Return a short notice; None for an address that was never verified, because it may be somebody else's."""
    if not user.email_verified:
        return None
    values = {"what": what, "at": _moment(event["occurred_at"]), "link": _page("forgot-password")}
    return Mail("notice", what, values, kind=event["type"])


def _reset(user: User, template: str, subject: str) -> Mail:
    bound_to = accounts.binding(user, accounts.credentials_of(user.id))
    link, token = _link("reset-password", Purpose.RESET_PASSWORD, user, bound_to)
    return Mail(template, subject, {"link": link}, token)


def _link(page: str, purpose: Purpose, user: User, bound_to: str) -> tuple[str, OneTimeTokenItem]:
    token = one_time_tokens.new_token(purpose, user.id, bound_to)
    return f"{_page(page)}?{urlencode({'token': token.text})}", token.item


def _page(path: str = "") -> str:
    """Return the URL of a page."""
    return f"{settings().app_url or settings().public_url}/{path}".rstrip("/")


def _moment(instant: str) -> str:
    """Return a timestamp in a readable format, to the minute."""
    return f"{instant[:10]} {instant[11:16]} UTC"
