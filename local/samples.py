"""Sample events of every function: `make events` writes them as whole files, as `sam local invoke -e` takes them.

Each file `events/*.yaml` has a base for one event source, and what the event of each function adds to it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from local.settings import ROOT

FOLDER = ROOT / "events"
AUTHORIZER = "gateway/authorizer"

type Event = dict[str, Any]


def sample(place: str) -> Event:
    """Return the sample event of a function by its file in `functions/`: `users/get`.

    Raises:
        KeyError: when it has none.
    """
    event: Event = json.loads(json.dumps(samples()[place]))
    return event


@cache
def samples() -> dict[str, Event]:
    """Return the sample event of every function, by its file in `functions/`."""
    return {
        place: compose(place, source, own)
        for name, compose in SOURCES.items()
        for source in [yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))]
        for place, own in source["events"].items()
    }


def _request(place: str, source: Event, own: Event) -> Event:
    """Compose a request of API Gateway, or what it asks the authorizer."""
    method, resource = own["request"].split()
    parameters, query = own.get("path"), own.get("query")
    path = resource.replace("+}", "}").format_map(parameters or {})
    is_signed_in = own.get("caller", "anonymous") != "anonymous"
    body, is_json = own.get("body"), isinstance(own.get("body"), dict)
    headers = {
        **source["base"]["headers"],
        **({"Authorization": "Bearer checked-by-the-authorizer"} if is_signed_in else {}),
        **({"Content-Type": "application/json"} if is_json else {}),
        **own.get("headers", {}),
    }
    context = {
        **source["base"]["requestContext"],
        "httpMethod": method,
        "path": f"/live{path}",
        "resourcePath": resource,
    }
    if "caller" in own:
        context["authorizer"] = source["callers"][own["caller"]]
    event = {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": _lists(headers),
        "queryStringParameters": query,
        "multiValueQueryStringParameters": query and _lists(query),
        "pathParameters": parameters,
        "stageVariables": None,
        "requestContext": context,
    }
    if place == AUTHORIZER:
        arn = f"arn:aws:execute-api:us-east-1:{context['accountId']}:{context['apiId']}/live/{method}{path}"
        return {"type": "REQUEST", "methodArn": arn, **event}
    return {**event, "body": json.dumps(body) if is_json else body, "isBase64Encoded": False}


def _lists(values: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in values.items()}


def _message(_: str, source: Event, own: Event) -> Event:
    """Compose a batch of one message of a queue."""
    body = json.dumps(own["body"])
    digest = hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
    arn = f"arn:aws:sqs:us-east-1:123456789012:{own['queue']}"
    return {"Records": [{**source["base"], "body": body, "md5OfBody": digest, "eventSourceARN": arn}]}


def _record(_: str, source: Event, own: Event) -> Event:
    """Compose a batch of one record of the table's stream."""
    change = {**source["base"]["dynamodb"], "Keys": {name: own[name] for name in ("pk", "sk")}, "NewImage": own}
    return {"Records": [{**source["base"], "dynamodb": change}]}


def _schedule(_: str, source: Event, own: Event) -> Event:
    """Compose what a schedule sends."""
    arn = f"arn:aws:scheduler:us-east-1:123456789012:schedule/default/{own['schedule']}"
    return {**source["base"], "time": own["time"], "resources": [arn]}


def _socket(_: str, source: Event, own: Event) -> Event:
    """Compose what the WebSocket API sends: a handshake, the end of a connection, or a message."""
    context = {**source["base"]["requestContext"], "routeKey": own["routeKey"], "eventType": own["eventType"]}
    event = {**source["base"], "requestContext": context}
    if own["eventType"] == "CONNECT":
        return {"headers": source["headers"], "multiValueHeaders": _lists(source["headers"]), **event}
    if own["eventType"] == "DISCONNECT":
        return {**event, "requestContext": {**context, "disconnectStatusCode": 1001, "disconnectReason": "Going away"}}
    return {**event, "requestContext": {**context, "messageId": "Sample2="}, "body": json.dumps(own["body"])}


def _as_written(_: str, source: Event, own: Event) -> Event:
    """Compose what the state machine of orders passes to a step, or CodeDeploy to a hook."""
    return {**source["base"], **own}


SOURCES: dict[str, Callable[[str, Event, Event], Event]] = {
    "api": _request,
    "queues": _message,
    "hooks": _as_written,
    "steps": _as_written,
    "streams": _record,
    "schedules": _schedule,
    "sockets": _socket,
}


def write(folder: Path) -> None:
    """Write each event to `<folder>/users/get.json`."""
    for place, event in samples().items():
        path = folder / f"{place}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(event, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(FOLDER)
