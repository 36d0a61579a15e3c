"""A circuit breaker per external service: while the service is down it is not called, except for an occasional probe.

The breaker is Powertools': its state is an item of the table shared by all processes, it fails open if that cannot be
read, and a single process probes. It counts consecutive failures, whereas we open at a failure rate over a window;
therefore a failure is reported to it only when that rate is reached (`docs/decisions/circuit-breaker.md`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import boto3
from aws_lambda_powertools.utilities.circuit_breaker import (
    CircuitBreakerConfig,
    CircuitBreakerOpenError,
    CircuitState,
    circuit_breaker,
)
from aws_lambda_powertools.utilities.circuit_breaker.persistence import CircuitBreakerDynamoDBPersistence

from lamina.aws import CALLS
from lamina.observability.logs import logger
from lamina.resilience.outcomes import Outcomes
from lamina.settings import settings
from lamina.storage.keys import key

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.circuit_breaker import (
        CircuitInfo,
        CircuitTransition,
    )

RESET_SECONDS = 30
"""How long an open circuit blocks all calls until a single one may probe."""
STATE_SECONDS = 1
"""How long a process caches the state of a circuit: other processes see an open circuit after this many seconds."""


class CircuitOpen(Exception):
    """The service is down, so it was not called.

    Attributes:
        seconds: time until the next probe is allowed.
    """

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"not called for {seconds} s")


class _Tripping(Exception):
    """Wraps an error so that it opens the circuit."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        super().__init__()


@dataclass(frozen=True)
class _Answered:
    """The result of a call, or the exception that it raised."""

    value: Any = None
    error: Exception | None = None


class Circuit:
    """Protects calls to a service. Create one per service at init.

    Args:
        service: its name, the same in every function.
        is_failure: whether an exception shows that the service is unhealthy, rather than the request invalid.
    """

    def __init__(self, service: str, is_failure: Callable[[Exception], bool]) -> None:
        self._service = service
        self._is_failure = is_failure
        self._outcomes = Outcomes()
        self._is_probing = False
        config = CircuitBreakerConfig(
            failure_threshold=1,
            success_threshold=1,
            recovery_timeout=RESET_SECONDS,
            handled_exceptions=_Tripping,
            local_cache_max_age=STATE_SECONDS,
        )
        self._store = _store(service)
        guard = circuit_breaker(service, self._store, on_transition=self._changed, config=config)
        self._guarded = cast("Callable[[Callable[[], Any]], _Answered]", guard(self._attempt))

    def call[Result](self, work: Callable[[], Result]) -> Result:
        """Call the service, unless the circuit is open.

        Raises:
            CircuitOpen: if the circuit is open.
            Exception: any exception of the work.
        """
        try:
            answered = self._guarded(work)
        except CircuitBreakerOpenError as refused:
            self._outcomes.forget()
            raise CircuitOpen(_seconds_left(refused.circuit)) from None
        except _Tripping as tripping:
            answered = _Answered(error=tripping.error)
        if answered.error is not None:
            raise answered.error
        return cast("Result", answered.value)

    def _attempt(self, work: Callable[[], Any]) -> _Answered:
        try:
            value = work()
        except Exception as error:
            if not self._is_failure(error):
                self._outcomes.note(failed=False)
                return _Answered(error=error)
            self._outcomes.note(failed=True)
            if self._is_probing or self._outcomes.are_bad():
                raise _Tripping(error) from None
            raise
        self._outcomes.note(failed=False)
        return _Answered(value)

    def _changed(self, transition: "CircuitTransition") -> None:
        self._is_probing = transition.to_state == CircuitState.HALF_OPEN
        self._outcomes.forget()
        states = {"from_state": str(transition.from_state), "to_state": str(transition.to_state)}
        logger.warning("circuit", extra={"circuit": self._service, **states})


def _seconds_left(circuit: "CircuitInfo | None") -> int:
    opened_at = (circuit.opened_at if circuit else None) or 0
    return max(0, opened_at + RESET_SECONDS - int(time.time()))


def _store(service: str) -> CircuitBreakerDynamoDBPersistence:
    """Return the store of the state: `CIRCUIT#<service>` / `<service>` in the single table."""
    return CircuitBreakerDynamoDBPersistence(
        settings().table,
        key_attr="pk",
        static_pk_value=key("CIRCUIT", service),
        sort_key_attr="sk",
        expiry_attr="expires_at",
        boto3_client=boto3.client("dynamodb", config=CALLS),
    )
