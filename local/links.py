"""The pages of mailed links.

On AWS they are an app's (`AppUrl`); here each calls the API as such a page does. It takes the token from its own
address, asks for what else the endpoint wants, and shows what that returns. It acts on a click alone: a program that
looks at links in advance would else spend the token.
"""

import json
import secrets
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template


@dataclass(frozen=True)
class Field:
    """A form field: `kind` is the type of the HTML input."""

    name: str
    label: str
    kind: str = "text"
    autocomplete: str = "off"


@dataclass(frozen=True)
class LinkPage:
    """A page: it sends the token, if its link has one, and its fields to an endpoint by POST."""

    title: str
    endpoint: str
    done: str
    fields: tuple[Field, ...] = ()
    has_token: bool = True


PAGES = {
    "/verify-email": LinkPage("Verify your address", "/v1/auth/verify-email", "The address is verified."),
    "/reset-password": LinkPage(
        "Set a new password",
        "/v1/auth/reset-password",
        "The password is set. Sign in with it.",
        (
            Field("password", "New password", "password", "new-password"),
            Field("keep_api_keys", "Keep API keys", "checkbox"),
        ),
    ),
    "/forgot-password": LinkPage(
        "Reset your password",
        "/v1/auth/forgot-password",
        "If the account exists, a mail has been sent.",
        (Field("email", "E-mail address", "email", "email"),),
        has_token=False,
    ),
    "/confirm-email": LinkPage("Confirm your new address", "/v1/auth/confirm-email", "The address has been changed."),
    "/undo-email-change": LinkPage(
        "Undo the change of your address",
        "/v1/auth/undo-email-change",
        "The previous address has been restored. Check its mail.",
    ),
    "/sign-in-link": LinkPage(
        "Sign in", "/v1/auth/sign-in-link/redeem", "You are signed in. An app would store these tokens."
    ),
}
"""By the path of the link."""


def page(path: str) -> tuple[str, str]:
    """Return the HTML of a page, and the Content-Security-Policy that allows only its own script."""
    found, nonce = PAGES[path], secrets.token_urlsafe(16)
    template = Template(Path(__file__).with_name("link.html").read_text(encoding="utf-8"))
    html = template.substitute(
        nonce=nonce,
        title=escape(found.title),
        endpoint=escape(found.endpoint),
        done=escape(found.done),
        token=json.dumps(found.has_token),
        fields="".join(map(_input, found.fields)),
    )
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return html, policy


def _input(field: Field) -> str:
    required = "" if field.kind == "checkbox" else " required"
    box = f'<input name="{field.name}" type="{field.kind}" autocomplete="{field.autocomplete}"{required}>'
    return f"<label><span>{escape(field.label)}</span> {box}</label>"
