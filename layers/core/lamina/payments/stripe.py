"""Stripe's API (https://docs.stripe.com/api), as far as orders need it.

An order has one payment intent, which Stripe charges at most once. The `stripe` package would take longer to import
than the rest of a function (`docs/decisions/payments.md`).
"""

import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from certifi import where

from lamina.observability import tracing
from lamina.payments.model import NewPayment, Payment, PaymentState
from lamina.payments.provider import PaymentRefused, PaymentUnavailable
from lamina.resilience.circuit import Circuit, CircuitOpen

VERSION: Final = "2024-06-20"
"""Version of the API whose responses this module reads (https://docs.stripe.com/api/versioning)."""
SECONDS: Final = 10.0
"""Time limit of connecting, and of waiting for a response, in seconds."""
MAX_BYTES: Final = 4 * 1024 * 1024
PAGE: Final = 100
"""Maximum number of objects per page of a list."""
ORDER: Final = "order_id"
"""Name of the metadata that contains the id of the order."""

STATES: Final = {
    "requires_confirmation": PaymentState.OPEN,
    "requires_action": PaymentState.DECLINED,
    "requires_capture": PaymentState.PROCESSING,
    "processing": PaymentState.PROCESSING,
    "succeeded": PaymentState.CHARGED,
    "canceled": PaymentState.CANCELLED,
}
"""States by status of a payment intent; `requires_payment_method` is either open or declined."""


@dataclass(frozen=True)
class _Answer:
    """A response with a documented status: 2xx, or an error that is about the request."""

    status: int
    content: Mapping[str, Any]

    @property
    def code(self) -> str:
        """The code of an error; empty for a success."""
        error = self.content.get("error") or {}
        return str(error.get("code") or error.get("type") or "")


class Stripe:
    """A provider of payments.

    Stripe repeats the response to an idempotency key, also a 500, so each attempt has a key of its own.

    Args:
        url: `https://api.stripe.com`, or where a simulator of it listens.
        api_key: secret key of the account.
    """

    def __init__(self, url: str, api_key: str) -> None:
        self._url = urlsplit(url)
        self._api_key = api_key

    def start(self, payment: NewPayment, attempt: int = 0) -> Payment:
        """Open a payment, see `PaymentProvider`."""
        form = {
            "amount": str(payment.amount),
            "currency": payment.currency.lower(),
            "payment_method_types[]": "card",
            f"metadata[{ORDER}]": payment.order_id,
        }
        return _payment(self._accepted("POST", "/v1/payment_intents", form, key=f"{payment.order_id}-start-{attempt}"))

    def charge(self, reference: str, method: str, attempt: int = 0) -> Payment:
        """Charge a payment, see `PaymentProvider`.

        A response that is lost is replaced by the state of the payment.
        """
        form = {"payment_method": method, "error_on_requires_action": "true"}
        path = f"{_path(reference)}/confirm"
        try:
            answer = self._call("POST", path, form, key=f"{reference}-charge-{attempt}")
        except PaymentUnavailable:
            found = self.get(reference)
            if found.state == PaymentState.OPEN:
                raise
            return found
        if answer.status < HTTPStatus.BAD_REQUEST:
            return _payment(answer.content)
        if answer.status == HTTPStatus.PAYMENT_REQUIRED or answer.code == "payment_intent_unexpected_state":
            return self.get(reference)
        raise PaymentRefused(answer.code)

    def void(self, reference: str) -> Payment:
        """Cancel or refund a payment, see `PaymentProvider`."""
        answer = self._call("POST", f"{_path(reference)}/cancel", {}, key=None)
        if answer.status < HTTPStatus.BAD_REQUEST:
            return _payment(answer.content)
        if answer.code != "payment_intent_unexpected_state":
            raise PaymentRefused(answer.code)
        found = self.get(reference)
        match found.state:
            case PaymentState.CHARGED:
                return self._refund(reference)
            case PaymentState.CANCELLED | PaymentState.REFUNDED:
                return found
            case _:
                raise PaymentUnavailable(f"the payment is {found.state}")

    def get(self, reference: str) -> Payment:
        """Return a payment."""
        return _payment(self._accepted("GET", f"{_path(reference)}?expand[]=latest_charge"))

    def opened_since(self, instant: int) -> Iterator[Payment]:
        """Yield the payments that were opened since an instant, newest first."""
        after: dict[str, str] = {}
        while True:
            query = {"created[gte]": str(instant), "limit": str(PAGE), "expand[]": "data.latest_charge", **after}
            page = self._accepted("GET", f"/v1/payment_intents?{urlencode(query)}")
            yield from map(_payment, page["data"])
            if not page["has_more"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}

    def _refund(self, reference: str) -> Payment:
        answer = self._call("POST", "/v1/refunds", {"payment_intent": reference}, key=f"{reference}-refund")
        if answer.status >= HTTPStatus.BAD_REQUEST and answer.code != "charge_already_refunded":
            raise PaymentRefused(answer.code)
        found = self.get(reference)
        if found.state != PaymentState.REFUNDED:
            raise PaymentUnavailable("the refund is not done yet")
        return found

    def _accepted(
        self, method: str, path: str, form: Mapping[str, str] | None = None, key: str | None = None
    ) -> Mapping[str, Any]:
        answer = self._call(method, path, form, key)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise PaymentRefused(answer.code)
        return answer.content

    def _call(self, method: str, path: str, form: Mapping[str, str] | None, key: str | None) -> _Answer:
        """Send a request, unless the provider is known to be down."""
        try:
            return circuit.call(lambda: self._send(method, path, form, key))
        except CircuitOpen as open_circuit:
            raise PaymentUnavailable(str(open_circuit)) from None

    def _send(self, method: str, path: str, form: Mapping[str, str] | None, key: str | None) -> _Answer:
        headers = {"Authorization": f"Bearer {self._api_key}", "Stripe-Version": VERSION}
        headers |= {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
        headers |= {"Idempotency-Key": key} if key else {}
        body = urlencode(form) if form is not None else None
        connection = self._connection()
        try:
            with tracing.subsegment(str(self._url.hostname), namespace="remote") as segment:
                connection.request(method, self._url.path + path, body, headers)
                response = connection.getresponse()
                segment.put_status(response.status)
                text = response.read(MAX_BYTES)
            content = json.loads(text)
        except (HTTPException, OSError, ValueError) as error:
            raise PaymentUnavailable(type(error).__name__) from error
        finally:
            connection.close()
        # 409: another request with this key is under way. 429: too many requests, or the payment is locked.
        undecided = response.status in {HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}
        if undecided or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or not isinstance(content, dict):
            raise PaymentUnavailable(str(response.status))
        return _Answer(response.status, content)

    def _connection(self) -> HTTPConnection:
        host = str(self._url.hostname)
        if self._url.scheme == "http":  # a simulator on the laptop
            return HTTPConnection(host, self._url.port, timeout=SECONDS)
        return HTTPSConnection(host, self._url.port, timeout=SECONDS, context=self._trust)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=where())


def _path(reference: str) -> str:
    return f"/v1/payment_intents/{quote(reference, safe='')}"


def _payment(intent: Mapping[str, Any]) -> Payment:
    """Return the payment of a payment intent."""
    error = intent.get("last_payment_error") or {}
    charge = intent.get("latest_charge")
    status = intent["status"]
    state = STATES.get(status, PaymentState.DECLINED if error else PaymentState.OPEN)
    if state == PaymentState.CHARGED and isinstance(charge, dict) and charge.get("refunded"):
        state = PaymentState.REFUNDED
    return Payment(
        reference=intent["id"],
        order_id=(intent.get("metadata") or {}).get(ORDER, ""),
        state=state,
        amount=intent["amount"],
        currency=intent["currency"].upper(),
        created_at=intent["created"],
        reason=error.get("decline_code") or error.get("code") or "",
    )


circuit = Circuit("payments", lambda error: isinstance(error, PaymentUnavailable))
"""The circuit breaker of the provider."""
