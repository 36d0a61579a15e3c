"""Answers with the event, so that a test sees what a function gets."""

import base64
import json
import sys
from typing import Any

import greeting  # type: ignore[import-not-found]  # from the layer

CODE = "first"


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The event and what is loaded; with `?fail`, an unhandled error; with `?body`, that as the whole answer.

    Prints each `?print`.
    """
    asked = event["queryStringParameters"] or {}
    print(json.dumps({"level": "INFO", "message": "echo"}))
    for line in (event["multiValueQueryStringParameters"] or {}).get("print", []):
        print(line)
    if "fail" in asked:
        raise RuntimeError("secret detail")
    answer = {"code": CODE, "greeting": greeting.GREETING, "event": event, "path": sys.path, "loaded": _loaded()}
    return {
        "statusCode": int(asked.get("status", 200)),
        "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"], "Content-Type": ["application/json"]},
        "body": base64.b64decode(asked["body"]).decode() if "body" in asked else json.dumps(answer),
    }


def _loaded() -> dict[str, bool]:
    """Which packages that nobody declared could be imported."""
    found = {}
    for name in ("aiohttp", "ministack", "hypercorn"):
        try:
            __import__(name)
        except ImportError:
            found[name] = False
        else:
            found[name] = True
    return found
