"""`Idempotency-Key`: the same key, credential and body get the first answer again, for a day.

Powertools keeps the records, in the single table; here is what a key means. It belongs to its caller, the credential
that is used with its scopes, and its endpoint: two callers never meet, nor do two keys of one caller. Only successes
are kept: after a failure the same key may be tried again. If a process dies between its work and its record, a retry
finds what the work has left in its own transaction (`lamina.storage.run_once`, by `Cause.request`).
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable

from aws_lambda_powertools.utilities.idempotency import (
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyValidationError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
from aws_lambda_powertools.utilities.idempotency.serialization.base import BaseIdempotencySerializer
from aws_lambda_powertools.utilities.typing import LambdaContext

from lamina.errors import Conflict, Invalid, Problem
from lamina.http.request import Request
from lamina.http.responses import LambdaResponse, as_json
from lamina.storage.idempotency import records
from lamina.storage.run_once import KeyReused

KEPT_SECONDS = 24 * 3600
_HEADER = "idempotency-key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class InProgress(Conflict):
    """The same request is still running."""

    code = "IDEMPOTENCY_IN_PROGRESS"
    message = "A request with this Idempotency-Key is still running. Retry in a moment for its answer."


_store = records()


type Keep = Callable[[str], BaseIdempotencySerializer]
"""Makes, for the name of a request, what turns an answer into what is kept of it, and back."""


def idempotent(
    request: Request, context: LambdaContext, endpoint: Callable[[], LambdaResponse], *, keep: Keep | None = None
) -> LambdaResponse:
    """Run an endpoint once for each idempotency key; without one, simply run it.

    Args:
        request: that brings the key, or none.
        context: of the invocation.
        endpoint: runs it.
        keep: how answers are kept; None for as they are.

    Raises:
        Invalid: when the key is not 1 to 255 visible ASCII characters.
        InProgress: while a twin is running.
        KeyReused: when the key came with another body before.
    """
    given = request.headers.get(_HEADER)
    if given is None:
        return endpoint()
    if not _KEY.fullmatch(given):
        raise Invalid(details=[Problem("Idempotency-Key", "must be 1 to 255 visible ASCII characters")])
    call = {"fingerprint": _fingerprint(request, given), "body": _digest(request, given)}
    name = request.idempotent_name = ":".join(call.values())
    try:
        return _run_once(context, endpoint, call, keep(name) if keep else None)
    except (IdempotencyAlreadyInProgressError, IdempotencyInconsistentStateError):
        raise InProgress from None
    except IdempotencyValidationError:
        raise KeyReused from None


def _run_once(
    context: LambdaContext,
    endpoint: Callable[[], LambdaResponse],
    call: dict[str, str],
    serializer: BaseIdempotencySerializer | None,
) -> LambdaResponse:
    config = IdempotencyConfig(
        event_key_jmespath="fingerprint",
        payload_validation_jmespath="body",
        expires_after_seconds=KEPT_SECONDS,
        hash_function="sha256",
        lambda_context=context,
        response_hook=_replayed,
    )

    @idempotent_function(  # type: ignore[untyped-decorator]  # Powertools leaves it so
        data_keyword_argument="call",
        persistence_store=_store,
        config=config,
        key_prefix="http",
        output_serializer=serializer,
    )
    def run(*, call: dict[str, str]) -> LambdaResponse:  # noqa: ARG001 (Powertools reads it)
        return endpoint()

    response: LambdaResponse = run(call=call)
    return response


def _fingerprint(request: Request, given: str) -> str:
    """Name the request: who calls what with which key. Anonymous callers are told apart by their address."""
    claims = request.claims
    known = [claims.get(name, "") for name in ("user_id", "credential", "credential_id", "scope")]
    owner = known if "user_id" in claims else ["address", request.source_ip]
    parts = (*owner, request.method, request.path, given)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _digest(request: Request, given: str) -> str:
    """Tell one body from another, however it is written: fields in another order, 36.0 for 36, `{}` for none.

    The key is kept nowhere and keys the digest: a body may hold a password, whose plain hash could be guessed at.
    """
    document = json.loads(request.text, parse_float=_number) if request.text else None
    return hmac.new(given.encode(), as_json(document or None, sort_keys=True).encode(), "sha256").hexdigest()


def _number(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _replayed(response: LambdaResponse, idempotent_data: DataRecord) -> LambdaResponse:  # noqa: ARG001 (Powertools names them)
    response["multiValueHeaders"]["Idempotent-Replayed"] = ["true"]
    return response
