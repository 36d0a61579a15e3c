"""Reads the queues of the stack and their dead letters, for the console. All functions block."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.account import Account
from local.inside import ask_aws, rfc3339
from local.stack import Stack, client

LETTERS = 20
"""Number of newest dead letters shown per queue."""


@dataclass(frozen=True)
class Letter:
    """A dead letter: when it was sent, the number of attempts, its title, and its body."""

    message_id: str
    sent_at: str
    tries: int
    title: str
    body: str


@dataclass(frozen=True)
class Queue:
    """A queue and its dead letters.

    Attributes:
        name: of the piece that it belongs to, as `make redrive` knows it; a queue of dead letters alone has its own.
        waiting: messages that could be received now.
        delayed: messages that wait for their time.
        in_flight: messages that are being worked on, or wait to come again.
        dead: number of dead letters.
        letters: the newest of these.
        redrivable: whether its dead letters have a queue to go back to.
    """

    name: str
    waiting: int
    delayed: int
    in_flight: int
    dead: int
    letters: tuple[Letter, ...]
    redrivable: bool


type Attributes = Mapping[str, str]


def queues(account: Account, stack: Stack) -> list[Queue]:
    """Every queue of the account, each with its dead letters, by name."""
    sqs = client("sqs", account)
    urls = sqs.list_queues(MaxResults=1000).get("QueueUrls", [])
    attributes: dict[str, Attributes] = {
        url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"] for url in urls
    }
    by_arn = {found["QueueArn"]: url for url, found in attributes.items()}
    aside = {url: by_arn.get(_dead_letters_of(found), "") for url, found in attributes.items()}
    logical = {physical: name for name, physical in stack.resources.items()}
    messages = _messages(account)
    found = []
    for url in urls:
        name = logical.get(url, url.rpartition("/")[2])
        if dead := aside[url]:
            found.append(_queue(name, attributes[url], attributes[dead], messages.get(dead, [])))
        elif "dead" in name.lower() and url not in aside.values():
            # What is put aside by something else than a queue, as by a mapping of the stream.
            found.append(_queue(name, {}, attributes[url], messages.get(url, [])))
        elif url not in aside.values():
            found.append(_queue(name, attributes[url], {}, []))
    return sorted(found, key=lambda queue: queue.name)


def _queue(logical: str, own: Attributes, dead: Attributes, letters: list[dict[str, Any]]) -> Queue:
    return Queue(
        name=name_of(logical),
        waiting=_count(own, ""),
        delayed=_count(own, "Delayed"),
        in_flight=_count(own, "NotVisible"),
        dead=_count(dead, "") + _count(dead, "NotVisible"),
        letters=tuple(_letters(letters)),
        redrivable=bool(own),
    )


def _letters(messages: list[dict[str, Any]]) -> Iterator[Letter]:
    for message in sorted(messages, key=lambda message: message["SentTimestamp"], reverse=True)[:LETTERS]:
        body = message["Body"]
        yield Letter(
            message["MessageId"],
            rfc3339(message["SentTimestamp"]),
            int(message["ReceiveCount"]),
            _title(body),
            _pretty(body),
        )


def name_of(logical: str) -> str:
    """Return the name for `make redrive`: `send-mail` for `Async/SendMail/Queue`; others have their own name."""
    path = logical.split("/")
    piece = path[-2] if path[-1] == "Queue" and len(path) > 1 else path[-1]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", piece).lower()


def _dead_letters_of(attributes: Attributes) -> str:
    return str(json.loads(attributes.get("RedrivePolicy", "{}")).get("deadLetterTargetArn", ""))


def _count(attributes: Attributes, state: str) -> int:
    return int(attributes.get(f"ApproximateNumberOfMessages{state}", 0))


def _title(body: str) -> str:
    """Return what a message is about: the event that EventBridge brought, or its text."""
    try:
        detail = json.loads(body)["detail"]
        return f"{detail['type']}  {detail['subject']}"
    except (ValueError, TypeError, KeyError):
        return " ".join(body.split())[:200]


def _pretty(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body


def _messages(account: Account) -> dict[str, list[dict[str, Any]]]:
    """Return what lies in each queue, by URL: looked at without receiving it, which would count as a try."""
    accounts = ask_aws(account, "_ministack/sqs/messages")["messages"].values()
    return {url: found for account in accounts for region in account.values() for url, found in region.items()}
