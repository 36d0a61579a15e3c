"""Checks before the measurement that all contenders return the same responses and write the same items."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bench import TABLE
from bench.build.contenders import OURS, Contender
from bench.engine import Engine
from bench.environment import environment
from bench.requests import ADMIN, USER, Work, event, new_user

IDENTIFIER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
NUMBER = re.compile(r"\b\d{7}\b")
SHARD = re.compile(r"#\d(?=\"|$)")
WITHIN_SECONDS = re.compile(r'(?<="expires_at": \{"N": ")\d+')


class Disagreement(RuntimeError):
    """A contender does other work than the others; the message names it."""


def store_users(engine: Engine) -> None:
    """Store the user that every GET reads, and the administrator who sends every POST."""
    _store(engine, USER, new_user(0), "viewer")
    _store(engine, ADMIN, new_user(1), "admin")


def _store(engine: Engine, identifier: str, body: Mapping[str, Any], role: str) -> None:
    instant = "2026-11-20T09:30:00.000000Z"
    texts = {"pk": f"USER#{identifier}", "sk": "USER", "kind": "user", "created_at": instant, "updated_at": instant}
    texts |= {"email": body["email"], "username": body["username"], "name": body["name"], "role": role}
    texts |= {"status": "active", "metadata": json.dumps(body["metadata"]), "created_by": ADMIN}
    numbers = {"version": "1", "schema_version": "1", "session_epoch": "0", "age": "47"}
    item: dict[str, Any] = {name: {"S": text} for name, text in texts.items()}
    item |= {name: {"N": number} for name, number in numbers.items()} | {"email_verified": {"BOOL": False}}
    engine.client().put_item(TableName=TABLE, Item=item)


def check(contenders: Sequence[Contender], engine: Engine) -> None:
    """Send each request to each contender once, and compare the responses.

    Raises:
        Disagreement: if a response or the items of a POST differ from ours.
    """
    for work in Work:
        expected: tuple[Any, Any] | None = None
        for contender in (each for each in contenders if work in each.functions):
            found = _ask(contender, work, engine)
            if expected is None:
                assert contender.name == OURS  # noqa: S101 (ours is built first)
                expected = found
            elif found != expected:
                raise Disagreement(
                    f"{contender.name} returns another response to {work}:\n{found}\nwhere ours is\n{expected}"
                )


def _ask(contender: Contender, work: Work, engine: Engine) -> tuple[Any, Any]:
    with environment(contender.functions[work], engine) as started:
        _, raw = started.invoke(event(work))
    answer = json.loads(raw)
    if answer.get("statusCode") not in (200, 201):
        raise Disagreement(f"{contender.name} fails {work}: {raw.decode()}")
    body = json.loads(answer["body"])
    items = _items_of(body["data"], engine) if work is Work.POST else []
    told = {"status": answer["statusCode"], "headers": _headers(answer), "body": body}
    return json.loads(_plain(told)), items


def _headers(answer: Mapping[str, Any]) -> list[str]:
    """Return the headers that all contenders send; only ours has rate limits."""
    given = {**(answer.get("headers") or {}), **(answer.get("multiValueHeaders") or {})}
    return sorted(name.lower() for name in given if not name.lower().startswith(("ratelimit", "content-length")))


def _items_of(user: Mapping[str, Any], engine: Engine) -> list[str]:
    """Return the items that a POST has written, without fields that differ each time."""
    client = engine.client()
    found = []
    for kind, value in (("USER", user["id"]), ("EMAIL", user["email"]), ("USERNAME", user["username"])):
        found += _partition(client, f"{kind}#{value}")
    for words in ("public", "email"):
        for shard in range(4):
            entries = _partition(client, f"SEARCH#USERS#{words}#{shard}")
            found += [entry for entry in entries if entry["sk"]["S"].endswith(user["id"])]
    return sorted(SHARD.sub("#s", WITHIN_SECONDS.sub("t", _plain(item))) for item in found)


def _partition(client: Any, key: str) -> list[dict[str, Any]]:  # noqa: ANN401 (botocore's clients are untyped)
    asked = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": key}}}
    items: list[dict[str, Any]] = client.query(TableName=TABLE, ConsistentRead=True, **asked)["Items"]
    return items


def _plain(value: object) -> str:
    text = json.dumps(value, sort_keys=True)
    for pattern in (IDENTIFIER, INSTANT, NUMBER):
        text = pattern.sub("…", text)
    return text
