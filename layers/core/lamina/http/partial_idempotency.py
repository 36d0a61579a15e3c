"""`Idempotency-Key` for responses that are too large to be recorded: an item has 400 KB at most.

Fields that follow from the body of the request are removed from the record. A replay has the same body, and inserts
them again.
"""

import json
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.idempotency.serialization.base import BaseIdempotencySerializer

from lamina.http.app import App, Middleware
from lamina.http.idempotency import Record, run_idempotent
from lamina.strict_json import as_json

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.api_gateway import Response

type Derive = Callable[[Any], Mapping[str, str]]
"""Returns the values of the fields, given the body of the request."""


class _WithoutFields(BaseIdempotencySerializer):
    """Serializes a response without the values of fields of its data."""

    def __init__(self, fields: Collection[str], derive: Callable[[], Mapping[str, str]]) -> None:
        self._fields = fields
        self._derive = derive

    def to_dict(self, data: Record) -> Record:
        return _with(data, dict.fromkeys(self._fields, ""))

    def from_dict(self, data: Record) -> Record:
        return _with(data, self._derive())


def idempotent_without(*fields: str, derive: Derive) -> Middleware:
    """Return a middleware like `idempotent`, for responses with large fields that follow from the request."""

    def idempotent_without(app: App, next_middleware: Callable[[App], "Response[Any]"]) -> "Response[Any]":
        document = app.incoming.document
        return run_idempotent(app, next_middleware, keep=lambda _: _WithoutFields(fields, lambda: derive(document)))

    return idempotent_without


def _with(record: Record, fields: Mapping[str, str]) -> Record:
    """Return the record of a response with other values of fields of its data."""
    body = json.loads(record["body"])
    return record | {"body": as_json(body | {"data": body["data"] | fields})}
