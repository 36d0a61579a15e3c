"""Prints what a WebSocket API sends to its functions, so that a test sees it."""

import json
from typing import Any


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Accept a connection, or refuse it with the status that its query asks for."""
    context = event["requestContext"]
    about = {"connection": context["connectionId"], "address": context["identity"]["sourceIp"]}
    if context["eventType"] == "CONNECT":
        headers = {name.lower(): value for name, value in event["headers"].items()}
        forwarded, shown = headers.get("x-forwarded-for"), "x-lamina-run" in headers
        print("connected", json.dumps({**about, "forwarded": forwarded, "shows the secret": shown}))
        query = event["queryStringParameters"] or {}
        return {
            "statusCode": int(query.get("status", 200)),
            "headers": {"Sec-WebSocket-Protocol": "graphql-transport-ws"},
        }
    print(context["eventType"].lower(), event["body"][:20], len(event["body"]))
    return {"statusCode": 200}
