"""Connections of clients as functions reach them in unit tests: what is posted is noted, and so is who called."""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from lamina.realtime import sockets
from lamina.storage.connections import RawResponse, Requests
from tests.support.calls import record_connection_call

posted: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
"""What clients got, by connection."""
gone: set[str] = set()
"""Connections that have ended."""


def _request(method: str, path: str, body: bytes, _: Mapping[str, str]) -> RawResponse:
    record_connection_call()
    connection_id = unquote(path.rpartition("/")[2])
    if connection_id in gone:
        return RawResponse(410, {}, b"")
    if method == "POST":
        posted[connection_id].append(json.loads(body))
    return RawResponse(200, {}, b"")


def _pooled(*_: object, **__: object) -> Requests:
    return _request


vars(sockets)["pooled_requests"] = _pooled
