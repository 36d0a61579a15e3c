"""`Idempotency-Key`: the same key, caller and body get the first answer again, for a day.

Powertools keeps the records, in the single table; here is what a key means. It belongs to its caller and its endpoint,
so two callers never meet. Only successes are kept: after a failure the same key may be tried again. If a process dies
between its work and its record, the work itself remembers the request (`Cause.request`), so that a retry finds it.
"""

import hashlib
import hmac
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

from lamina.errors import Conflict, Invalid, Problem, RuleViolated
from lamina.http.answers import Answer
from lamina.http.request import Request
from lamina.http.response import as_json
from lamina.storage.idempotency import records

KEPT_SECONDS = 24 * 3600
_HEADER = "idempotency-key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class InProgress(Conflict):
    """The same request is still running."""

    code = "IDEMPOTENCY_IN_PROGRESS"
    message = "A request with this Idempotency-Key is still running. Retry in a moment for its answer."


class KeyReused(RuleViolated):
    """The key came with another body before."""

    code = "IDEMPOTENCY_KEY_REUSED"
    message = "This Idempotency-Key was used with another body. Use a new key for a new request."


_store = records()


type Keep = Callable[[str], BaseIdempotencySerializer]
"""Makes, for a fingerprint, what turns an answer into what is kept of it, and back."""


def idempotent(
    request: Request, context: LambdaContext, endpoint: Callable[[], Answer], *, keep: Keep | None = None
) -> Answer:
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
    request.fingerprint = _fingerprint(request, given)
    call = {"fingerprint": request.fingerprint, "body": _digest(request, given)}
    try:
        return _run_once(context, endpoint, call, keep(request.fingerprint) if keep else None)
    except (IdempotencyAlreadyInProgressError, IdempotencyInconsistentStateError):
        raise InProgress from None
    except IdempotencyValidationError:
        raise KeyReused from None


def _run_once(
    context: LambdaContext,
    endpoint: Callable[[], Answer],
    call: dict[str, str],
    serializer: BaseIdempotencySerializer | None,
) -> Answer:
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
    def run(*, call: dict[str, str]) -> Answer:  # noqa: ARG001 (Powertools reads it)
        return endpoint()

    answer: Answer = run(call=call)
    return answer


def _fingerprint(request: Request, given: str) -> str:
    """Name the request: who calls what with which key. Anonymous callers are told apart by their address."""
    owner = request.claims.get("user_id") or f"address {request.source_ip}"
    parts = (owner, request.method, request.path, given)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _digest(request: Request, given: str) -> str:
    """Tell one body from another, however it is written.

    The key is kept nowhere and keys the digest: a body may hold a password, whose plain hash could be guessed at.
    """
    document = request.document if request.text else None
    return hmac.new(given.encode(), as_json(document, sort_keys=True).encode(), "sha256").hexdigest()


def _replayed(response: Answer, idempotent_data: DataRecord) -> Answer:  # noqa: ARG001 (Powertools names them)
    response["multiValueHeaders"]["Idempotent-Replayed"] = ["true"]
    return response
