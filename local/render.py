"""Renders the console at `/_local` from the data of `inside.py`: escaped, and without resources of other hosts."""

import re
import secrets
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from local.failures import Failure
from local.inside import Event, LogLine, Mail, Route
from local.queues import Letter, Queue
from local.settings import REGION

NONE, CALLER = '<span class="tag">none</span>', '<span class="tag quiet">Caller</span>'
LINK = re.compile(r"https?://[^\s<>\"']+")
ALARMING = {"ERROR": "bad", "CRITICAL": "bad", "WARNING": "warn"}


@dataclass(frozen=True)
class Inside:
    """The data of the page."""

    url: str
    place: str
    routes: list[Route]
    mails: list[Mail]
    queues: list[Queue]
    events: list[Event]
    logs: list[LogLine]
    broken: list[str]
    failures: list[Failure]
    aws: str
    credentials: str


def page(content: str, live: str) -> tuple[str, str]:
    """Return the HTML around content, which the page fetches again from `live`, and a Content-Security-Policy.

    The policy lets the page and nothing else run.
    """
    nonce = secrets.token_urlsafe(16)
    template = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        "img-src data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return template.substitute(nonce=nonce, content=content, live=live), policy


def content(inside: Inside) -> str:
    """Return the live part of the page, which the page polls."""
    return "\n".join(
        (
            _header(inside),
            _tiles(inside),
            _section("failures", "Failures", _failures(inside)) if inside.broken or inside.failures else "",
            _section("queues", "Queues and dead letters", _queues(inside)),
            _section("events", "Recent events", _events(inside.events)),
            _section("mail", "Captured mail", _mails(inside.mails)),
            _section("logs", "Recent logs", _logs(inside.logs)),
            _section("routes", "Routes", _routes(inside.routes)),
        )
    )


def mail_content(mails: list[Mail]) -> str:
    """Return the page of captured mails."""
    header = (
        '<header><h1>Captured mail</h1><a href="/_local">/_local</a><span class="end" id="state">live</span></header>'
    )
    return header + _section("mail", "", _mails(mails))


def _header(inside: Inside) -> str:
    links = "".join(f' <a href="{path}">{path}</a>' for path in ("/docs", "/openapi.json", "/health/ready"))
    return (
        f'<header><h1>Lamina, locally</h1><a href="{escape(inside.url)}/health">{escape(inside.url)}</a>{links}'
        f'<span class="end"><span id="state">live</span>, data in {escape(inside.place)}</span></header>'
    )


def _tiles(inside: Inside) -> str:
    waiting = sum(queue.waiting + queue.delayed + queue.in_flight for queue in inside.queues)
    dead = sum(queue.dead for queue in inside.queues)
    errors = sum(ALARMING.get(line.level) == "bad" for line in inside.logs)
    tiles = (
        ("queues", waiting, "messages queued", False),
        ("queues", dead, "dead letters", dead > 0),
        ("mail", len(inside.mails), "mails caught", False),
        ("logs", errors, "errors in the recent logs", errors > 0),
        ("routes", len(inside.routes), "routes", False),
    )
    items = (
        f'<li><a href="#{anchor}"{" class=bad" if bad else ""}><b>{number:,}</b><span>{label}</span></a></li>'
        for anchor, number, label, bad in tiles
    )
    return f'<ul class="tiles">{"".join(items)}</ul>'


def _section(anchor: str, title: str, body: str) -> str:
    heading = f"<h2>{title}</h2>" if title else ""
    return f'<section id="{anchor}">{heading}<div class="sheet">{body}</div></section>'


def _empty(text: str) -> str:
    return f'<div class="empty">{text}</div>'


def _failures(inside: Inside) -> str:
    """Return the source files that are not live, with the reason; then the exceptions of functions, newest first."""
    broken = "".join(f'<div class="hint"><b>{escape(line)}</b></div>' for line in inside.broken)
    return broken + "".join(
        f'<details data-key="{escape(failure.at + failure.error)}"><summary>{_time(failure.at)}'
        f'<span class="line mono"><span class="tag bad">error</span> {escape(failure.line)}</span>'
        f'<span class="who">{escape(failure.function)}</span></summary><pre>{escape(failure.trace)}</pre></details>'
        for failure in inside.failures
    )


def _logs(lines: list[LogLine]) -> str:
    if not lines:
        return _empty("No recent log lines. Try <code>curl -i /health</code>.")
    return "".join(_log(line) for line in lines)


def _log(line: LogLine) -> str:
    alarm = ALARMING.get(line.level)
    tag = f'<span class="tag {alarm}">{escape(line.level.lower())}</span> ' if alarm else ""
    facts = f' <span class="facts">{escape(line.facts)}</span>' if line.facts else ""
    return (
        f'<details data-key="{escape(line.at + line.message[:80])}"><summary>{_time(line.at)}'
        f'<span class="line mono">{tag}{escape(line.message)}{facts}</span>'
        f'<span class="who">{escape(line.function)}</span></summary>'
        f"<pre>{escape(line.more or line.message)}</pre></details>"
    )


def _mails(mails: list[Mail]) -> str:
    if not mails:
        return _empty(
            "No mail yet. Mail that the API sends is captured here and at <a href=/_local/mail>/_local/mail</a>."
        )
    return "".join(_mail(mail) for mail in mails)


def _mail(mail: Mail) -> str:
    body = f"<pre>{_linked(mail.text)}</pre>" if mail.text else ""
    if mail.html:
        source = f"/_local/mail/{escape(mail.message_id)}"
        sandbox = "allow-popups allow-popups-to-escape-sandbox"
        body += f'<iframe sandbox="{sandbox}" loading="lazy" title="the mail as HTML" src="{source}"></iframe>'
    return (
        f'<details data-key="{escape(mail.message_id)}"><summary>{_time(mail.sent_at)}'
        f'<span class="line">{escape(mail.subject) or "(no subject)"}</span>'
        f'<span class="who">{escape(", ".join(mail.to))}</span></summary>{body}</details>'
    )


def _linked(text: str) -> str:
    """Return a text whose addresses can be clicked."""
    return LINK.sub(r'<a href="\g<0>" target="_blank" rel="noopener">\g<0></a>', escape(text))


def _queues(inside: Inside) -> str:
    if not inside.queues:
        return _empty("The stack has no queues.")
    columns = ("Waiting", "Delayed", "In flight", "Dead letters")
    head = "<th>Queue</th>" + "".join(f"<th class=number>{column}</th>" for column in columns)
    rows = "".join(_queue(queue) for queue in inside.queues)
    letters = "".join(_letters(queue, inside) for queue in inside.queues if queue.dead)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{letters}"


def _queue(queue: Queue) -> str:
    numbers = "".join(f"<td class=number>{number:,}</td>" for number in (queue.waiting, queue.delayed, queue.in_flight))
    dead = f'<span class="tag bad">{queue.dead:,}</span>' if queue.dead else "0"
    return f"<tr><td>{escape(queue.name)}</td>{numbers}<td class=number>{dead}</td></tr>"


def _letters(queue: Queue, inside: Inside) -> str:
    """Return the dead letters of a queue, and the command that brings them back."""
    shown = "".join(_letter(queue.name, letter) for letter in queue.letters)
    more = f", the newest {len(queue.letters)} below" if queue.dead > len(queue.letters) else ""
    place = f"AWS_SHARED_CREDENTIALS_FILE={shlex.quote(inside.credentials)} AWS_DEFAULT_REGION={REGION}"
    command = f"AWS_ENDPOINT_URL={inside.aws} {place} make redrive QUEUE={queue.name}"
    hint = f"Return them to their queue: <code>{escape(command)}</code>" if queue.redrivable else ""
    return f'<div class="hint"><b>{queue.dead:,} in {escape(queue.name)}</b>{more}. {hint}</div>{shown}'


def _letter(queue: str, letter: Letter) -> str:
    tries = "1 try" if letter.tries == 1 else f"{letter.tries} tries"
    return (
        f'<details data-key="{escape(letter.message_id)}"><summary>{_time(letter.sent_at)}'
        f'<span class="line mono"><span class="tag bad">dead</span> {escape(letter.title)}</span>'
        f'<span class="who">{escape(queue)}, {tries}</span></summary><pre>{escape(letter.body)}</pre></details>'
    )


def _events(events: list[Event]) -> str:
    if not events:
        return _empty("No events yet. Each change publishes an event, which is shown here.")
    return "".join(
        f'<details data-key="{escape(event.more)}"><summary>{_time(event.at)}'
        f'<span class="line mono">{escape(event.type)}</span><span class="who mono">{escape(event.subject)}</span>'
        f"</summary><pre>{escape(event.more)}</pre></details>"
        for event in events
    )


def _routes(routes: Iterable[Route]) -> str:
    rows = "".join(
        f'<tr><td><span class="method {escape(route.method)}">{escape(route.method)}</span> '
        f"<code>{escape(route.path)}</code></td><td class=hide-small>{escape(route.function)}</td>"
        f"<td>{CALLER if route.authorized else NONE}</td></tr>"
        for route in routes
    )
    head = "<th>Method and path</th><th class=hide-small>Function</th><th>Authorizer</th>"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else _empty("No routes.")


def _time(at: str) -> str:
    return f'<time datetime="{at}" title="{at}">{at[11:19]}</time>'
