"""`Idempotency-Key`: repeated requests with the same key, credential and body get the first response, for 24 hours.

Powertools stores the records in the single table; this module defines the scope of a key. A key belongs to its caller,
the credential with its scopes, and the endpoint, so that keys never collide. Only successful responses are recorded:
after a failure, the same key may be retried. If a process dies between its work and its record, a retry finds the
result in the transaction of the work (`lamina.storage.run_once`, by `RequestContext.request`).
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler.api_gateway import Response
from aws_lambda_powertools.utilities.idempotency import (
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyValidationError,
)
from aws_lambda_powertools.utilities.idempotency.serialization.base import BaseIdempotencySerializer

from lamina.errors import Conflict, Invalid, Problem
from lamina.http.errors import KeyRequired
from lamina.http.request import Request
from lamina.storage.idempotency import records
from lamina.storage.run_once import KeyReused
from lamina.strict_json import as_json

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

    from lamina.http.app import App

KEPT_SECONDS = 24 * 3600
_HEADER = "idempotency-key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class InProgress(Conflict):
    """The same request is still running."""

    code = "IDEMPOTENCY_IN_PROGRESS"
    message = "A request with this Idempotency-Key is still being processed. Retry later to get its response."


_store = records()


type Record = dict[str, Any]
"""A recorded response: `status`, `headers` and `body` (text)."""
type Keep = Callable[[str], BaseIdempotencySerializer]
"""Creates the serializer of a response, given the name of the request."""


def idempotent(app: "App", next_middleware: Callable[["App"], Response[Any]]) -> Response[Any]:
    """Run an endpoint once per idempotency key; without a key, run it normally. A Powertools middleware.

    Raises:
        Invalid: if the key is not 1 to 255 visible ASCII characters.
        InProgress: while a request with the same key is running.
        KeyReused: if the key was used with a different body before.
    """
    return run_idempotent(app, next_middleware)


def idempotent_only(app: "App", next_middleware: Callable[["App"], Response[Any]]) -> Response[Any]:
    """Run an endpoint once per idempotency key, and refuse requests without one. A Powertools middleware.

    Raises:
        KeyRequired: without a key.
        Invalid, InProgress, KeyReused: see `idempotent`.
    """
    if _HEADER not in app.incoming.headers:
        raise KeyRequired
    return run_idempotent(app, next_middleware)


def run_idempotent(
    app: "App", next_middleware: Callable[["App"], Response[Any]], *, keep: Keep | None = None
) -> Response[Any]:
    """Like `idempotent`, with the serializer that `keep` creates; None records responses unchanged."""
    request = app.incoming
    given = request.headers.get(_HEADER)
    if given is None:
        return next_middleware(app)
    if not _KEY.fullmatch(given):
        raise Invalid(details=[Problem("Idempotency-Key", "must be 1 to 255 visible ASCII characters")])
    call = {"fingerprint": _fingerprint(request, given), "body": _digest(request, given)}
    name = request.idempotent_name = ":".join(call.values())
    config = IdempotencyConfig(
        event_key_jmespath="fingerprint",
        payload_validation_jmespath="body",
        expires_after_seconds=KEPT_SECONDS,
        hash_function="sha256",
        lambda_context=app.lambda_context,
        response_hook=_replayed,  # type: ignore[arg-type]  # Powertools says Any of what a hook takes
    )

    @idempotent_function(  # type: ignore[untyped-decorator]  # Powertools leaves it so
        data_keyword_argument="call",
        persistence_store=_store,
        config=config,
        key_prefix="http",
        output_serializer=keep(name) if keep else None,
    )
    def run(*, call: dict[str, str]) -> Record:  # noqa: ARG001 (Powertools reads it)
        response = next_middleware(app)
        body = response.body if isinstance(response.body, str | None) else as_json(response.body)
        return {"status": response.status_code, "headers": response.headers, "body": body}

    try:
        record = run(call=call)
    except (IdempotencyAlreadyInProgressError, IdempotencyInconsistentStateError):
        raise InProgress from None
    except IdempotencyValidationError:
        raise KeyReused from None
    return Response(int(record["status"]), body=record["body"], headers=record["headers"])


def _fingerprint(request: Request, given: str) -> str:
    """Return the fingerprint of caller, endpoint and key. Anonymous callers are identified by their IP address."""
    claims = request.claims
    known = [claims.get(name, "") for name in ("user_id", "credential", "credential_id", "scope")]
    owner = known if "user_id" in claims else ["address", request.source_ip]
    parts = (*owner, request.method, request.path, given)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _digest(request: Request, given: str) -> str:
    """Return a digest of the body that ignores formatting: order of fields, 36.0 for 36, `{}` for no body.

    The idempotency key, which is not stored, keys the digest: a plain hash of a password could be guessed.
    """
    document = json.loads(request.text, parse_float=_number) if request.text else None
    return hmac.new(given.encode(), as_json(document or None, sort_keys=True).encode(), "sha256").hexdigest()


def _number(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _replayed(record: Record, idempotent_data: "DataRecord") -> Record:  # noqa: ARG001 (Powertools names them)
    record["headers"]["Idempotent-Replayed"] = "true"
    return record
