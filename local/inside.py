"""Reads routes, mails and logs from the local AWS. All functions block."""

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.account import Account
from local.stack import Stack, client

# What the logger adds to each line.
COMMON_FIELDS = {"level", "location", "message", "timestamp", "service", "cold_start", "function_name", "exception"} | {
    f"function_{name}" for name in ("arn", "memory_size", "request_id")
}
PLATFORM_LINES = ("START RequestId", "END RequestId", "REPORT RequestId")
SECONDS_TO_ANSWER = 5
UNREACHABLE = (OSError, BotoCoreError, ClientError)
"""What a read raises while the local AWS does not run."""


@dataclass(frozen=True)
class Route:
    """An endpoint: `function` is its logical name, `public` whether anybody may call it."""

    method: str
    path: str
    function: str
    authorized: bool


@dataclass(frozen=True)
class Mail:
    """A mail that SES has captured."""

    message_id: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str
    sent_at: str

    def as_json(self) -> dict[str, Any]:
        """Return the representation in `GET /_local/mail`."""
        return {
            "to": list(self.to),
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "sent_at": self.sent_at,
        }


@dataclass(frozen=True)
class LogLine:
    """A line that a function logged; where it was JSON, `facts` are the fields of its own and `more` is the whole."""

    at: str
    level: str
    function: str
    message: str
    facts: str = ""
    more: str = ""


def routes(account: Account, stack: Stack) -> list[Route]:
    """Every method of the API, by path."""
    logical = {physical: name for name, physical in stack.resources.items()}
    pages = client("apigateway", account).get_paginator("get_resources").paginate(restApiId=stack.api_id, limit=500)
    found = []
    for page in pages:
        for resource in page["items"]:
            for method, settings in (resource.get("resourceMethods") or {}).items():
                uri = (settings.get("methodIntegration") or {}).get("uri", "")
                name = uri.partition(":function:")[2].partition(":")[0].partition("/")[0]
                authorized = settings.get("authorizationType", "NONE") != "NONE"
                found.append(Route(method, resource["path"], logical.get(name, name), authorized))
    return sorted(found, key=lambda route: (route.path, route.method))


def mails(account: Account) -> list[Mail]:
    """Return the captured mails, newest first."""
    caught = [mail for sent in ask_aws(account, "_ministack/ses/messages")["messages"].values() for mail in sent]
    caught.sort(key=lambda mail: mail["Timestamp"], reverse=True)
    return [
        Mail(
            message_id=mail["MessageId"].partition("@")[0],
            to=tuple(mail["To"]),
            subject=mail["Subject"] or "",
            text=mail["BodyText"] or "",
            html=mail["BodyHtml"] or "",
            sent_at=rfc3339(mail["Timestamp"]),
        )
        for mail in caught
    ]


def log_events(account: Account, since: int) -> list[dict[str, Any]]:
    """Return what functions logged since a time in Unix milliseconds, oldest first, each with its `function`."""
    client_of_logs = client("logs", account)
    events = []
    for group in (one["logGroupName"] for one in client_of_logs.describe_log_groups()["logGroups"]):
        found = client_of_logs.filter_log_events(logGroupName=group, startTime=since)["events"]
        events += [{**event, "function": _function(group, event["logStreamName"])} for event in found]
    told = [event for event in events if not event["message"].startswith(PLATFORM_LINES)]
    return sorted(told, key=lambda event: event["timestamp"])


def _function(group: str, stream: str) -> str:
    """Whose log it is: a stream of a group that functions share tells it, else the group."""
    return stream.rpartition("/")[2].partition("[")[0] or group.rpartition("/")[2]


def log_line(event: Mapping[str, Any], stack: Stack) -> LogLine:
    """Return an event of a log as a line for people."""
    logical = {physical: name.rpartition("/")[2] for name, physical in stack.resources.items()}
    at, message = rfc3339(event["timestamp"] / 1000), event["message"]
    function = logical.get(event["function"], event["function"])
    try:
        content = json.loads(message)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        return LogLine(at, "", function, message)
    text = content.get("message", _metrics(content))
    shown = text if isinstance(text, str) else json.dumps(text)
    own = [(name, value) for name, value in content.items() if name not in COMMON_FIELDS and not name.endswith("_id")]
    facts = "  ".join(f"{name}={value}" for name, value in own if isinstance(value, str | int | float))
    return LogLine(at, str(content.get("level", "")), function, shown, facts, json.dumps(content, indent=2))


def _metrics(content: Mapping[str, Any]) -> str:
    """Return what a line of the embedded metric format measures; the line has no message."""
    groups = content.get("_aws", {}).get("CloudWatchMetrics", [])
    metrics = [metric["Name"] for group in groups for metric in group.get("Metrics", [])]
    return "  ".join(f"{name}={content.get(name)}" for name in metrics)


def ask_aws(account: Account, path: str) -> Any:  # noqa: ANN401  JSON that is MiniStack's own, or `control.py`'s
    """Return data that the local AWS provides beyond AWS's own API."""
    request = urllib.request.Request(f"{account.endpoint}/{path}", headers=account.headers)  # noqa: S310  http, and ours
    with urllib.request.urlopen(request, timeout=SECONDS_TO_ANSWER) as answer:  # noqa: S310  as above
        return json.load(answer)


def rfc3339(timestamp: float) -> str:
    """Return an instant in the form of the API, given in Unix seconds."""
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
