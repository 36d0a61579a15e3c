"""Sends mails through SES, with text and HTML from the same values."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from lamina.resilience.circuit import Circuit
from lamina.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_sesv2.type_defs import BodyTypeDef

WRONG_MAIL = {"BadRequestException", "MessageRejected"}
"""Errors of SES about a single mail (SES API v2, SendEmail); all others are about SES, our account or its setup."""
UNVERIFIED = "not verified"
"""Part of the text of a `MessageRejected` for unknown identities: our sender, or in the sandbox any recipient.

It has no error code of its own. It can be fixed in the setup, so such a mail is retried and finally goes to the
dead-letter queue.
"""

# Three seconds in total and one attempt: SES cannot detect duplicates, so each attempt may send a mail.
_ses = boto3.client("sesv2", config=Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1}))
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def send(to: str, subject: str, template: str, values: Mapping[str, str]) -> None:
    """Send a mail.

    Args:
        to: target address.
        subject: subject line.
        template: name of the pair of templates.
        values: template values.

    Raises:
        ClientError: if SES refuses it.
        BotoCoreError: if SES does not respond.
    """
    filled = {**values, "subject": subject}
    body: BodyTypeDef = {
        "Text": {"Data": _templates.get_template(f"{template}.txt").render(filled), "Charset": "UTF-8"},
        "Html": {"Data": _templates.get_template(f"{template}.html").render(filled), "Charset": "UTF-8"},
    }
    _ses.send_email(
        FromEmailAddress=settings().mail_from,
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": subject, "Charset": "UTF-8"}, "Body": body}},
    )


def is_final(error: ClientError) -> bool:
    """Return whether SES rejects a mail permanently, because of its address; sender and templates are our own."""
    said = error.response["Error"]
    return said["Code"] in WRONG_MAIL and UNVERIFIED not in said.get("Message", "")


def _is_failure(error: Exception) -> bool:
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] not in WRONG_MAIL
    return isinstance(error, BotoCoreError)


circuit = Circuit("ses", _is_failure)
"""The circuit breaker of SES."""
