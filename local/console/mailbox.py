"""Captured mails: as they look, as text, and as their source, with the request that caused each."""

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from local import inside
from local.console.context import Context, NotThereError, Query
from local.inside import Mail
from local.settings import MAIL_FROM

FOUND_IN = """
kind = 'segment' and at between ? and ? and json_extract(content, '$.name') like 'SES%'
and json_extract(content, '$.end_time') >= ?
"""


def read(context: Context, identifier: str, query: Query) -> object:
    """Return the captured mails, or one of them."""
    mails = inside.mails(context.account)
    if not identifier:
        words = query.get("q", "").lower().split()
        found = [mail for mail in mails if all(word in _searched(mail) for word in words)]
        return {"items": [_summary(mail) for mail in found]}
    for mail in mails:
        if mail.message_id == identifier:
            return {
                **_summary(mail),
                "text": mail.text,
                "has_html": bool(mail.html),
                "source": _source(mail),
                "request": _cause(context, mail),
            }
    raise NotThereError("This mail is not there.")


def _summary(mail: Mail) -> dict[str, object]:
    return {
        "id": mail.message_id,
        "to": list(mail.to),
        "subject": mail.subject,
        "at": _epoch(mail),
        "start": mail.text.strip()[:160],
    }


def _searched(mail: Mail) -> str:
    return " ".join((mail.subject, *mail.to, mail.text)).lower()


def _epoch(mail: Mail) -> float:
    return datetime.fromisoformat(mail.sent_at).timestamp()


def _source(mail: Mail) -> str:
    """Return the mail as a mail server would get it."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = MAIL_FROM, ", ".join(mail.to), mail.subject
    message["Date"], message["Message-ID"] = (
        format_datetime(datetime.fromisoformat(mail.sent_at)),
        f"<{mail.message_id}>",
    )
    message.set_content(mail.text, cte="8bit")
    if mail.html:
        message.add_alternative(mail.html, subtype="html", cte="8bit")
    return message.as_string()


def _cause(context: Context, mail: Mail) -> str:
    """Return the correlation id or the trace of what sent a mail; `""` if it is not known."""
    at = _epoch(mail)
    for segment in context.journal.select(FOUND_IN, (at - 10, at + 0.005, at - 0.005)):
        related = context.journal.of("trace", [segment.trace])
        return next((entry.correlation for entry in related if entry.correlation), segment.trace)
    return ""
