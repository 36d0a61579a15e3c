"""Sending through SES: text and HTML from the same values."""

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
"""Errors of SES about the one mail (SES API v2, SendEmail); all others are about SES, our account or its set-up."""
UNVERIFIED = "not verified"
"""In the text of a `MessageRejected` for identities that SES does not know: our sender, or, in its sandbox, anybody.

It has no code of its own. We can mend it, so such a mail is tried again and then kept among the dead letters.
"""

# Three seconds in all, and one try: SES has no way to tell that it has sent a mail before, so each try may be a mail.
_ses = boto3.client("sesv2", config=Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1}))
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def send(to: str, subject: str, template: str, values: Mapping[str, str]) -> None:
    """Send one mail.

    Args:
        to: the address.
        subject: the subject line.
        template: name of the pair of templates.
        values: what they fill in.

    Raises:
        ClientError: when SES refuses it.
        BotoCoreError: when SES does not answer.
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
    """Return whether SES refuses a mail for good: because of its address, as sender and templates are our own."""
    said = error.response["Error"]
    return said["Code"] in WRONG_MAIL and UNVERIFIED not in said.get("Message", "")


def _is_failure(error: Exception) -> bool:
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] not in WRONG_MAIL
    return isinstance(error, BotoCoreError)


circuit = Circuit("ses", _is_failure)
"""What every mail goes through."""
