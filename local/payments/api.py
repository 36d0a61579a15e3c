"""The simulated API: payment intents and refunds, as Stripe documents them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.payments.store import Intent, Store

DECLINES = {"pm_card_chargeDeclined": "generic_decline"}
"""Payment methods that are declined, with the reason (https://docs.stripe.com/testing#declined-payments)."""
METHODS = ("pm_card_visa", "pm_card_slow", "pm_card_lost")
CHARGEABLE = ("requires_payment_method", "requires_confirmation")

type Form = Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """A response.

    Attributes:
        status: HTTP status.
        content: the JSON object.
        event: type of the notification that follows; empty for none.
        is_refusal: whether nothing was executed, because the request is not valid.
    """

    status: int
    content: dict[str, Any]
    event: str = ""
    is_refusal: bool = False


class Refused(Exception):
    """The request is refused with an error of the API."""

    def __init__(self, status: int, code: str, **more: Any) -> None:  # noqa: ANN401 (the API's own fields)
        error = {"type": "invalid_request_error", "code": code, **more}
        self.answer = Answer(status, {"error": error}, is_refusal=True)
        super().__init__(code)


class Api:
    """The operations, by method and path."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def operation(self, method: str, path: str) -> Callable[[Form], Answer]:
        """Return the operation of a method and a path without `/v1/`.

        Raises:
            Refused: with 404 if there is none.
        """
        match method, path.split("/"):
            case "POST", ["payment_intents"]:
                return self._create
            case "GET", ["payment_intents"]:
                return self._list
            case "GET", ["payment_intents", intent_id]:
                return lambda _: Answer(200, self._intent(intent_id).as_json())
            case "POST", ["payment_intents", intent_id, "confirm"]:
                return lambda form: self._confirm(self._intent(intent_id), form)
            case "POST", ["payment_intents", intent_id, "cancel"]:
                return lambda _: self._cancel(self._intent(intent_id))
            case "POST", ["refunds"]:
                return self._refund
        raise Refused(404, "resource_missing")

    def charge_of(self, intent_id: str) -> dict[str, Any]:
        """Return the charge of an intent."""
        charge: dict[str, Any] = self._intent(intent_id).as_json()["latest_charge"]
        return charge

    def _intent(self, intent_id: str) -> Intent:
        found = self._store.get(intent_id)
        if found is None:
            raise Refused(404, "resource_missing")
        return found

    def _create(self, form: Form) -> Answer:
        amount, currency = form.get("amount", ""), form.get("currency", "")
        if not amount.isdecimal() or not 0 < int(amount) <= 99_999_999:  # noqa: PLR2004 (the API's maximum)
            raise Refused(400, "parameter_invalid_integer", param="amount")
        if len(currency) != 3 or not currency.islower():  # noqa: PLR2004 (ISO 4217)
            raise Refused(400, "parameter_invalid", param="currency")
        metadata = {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")}
        intent = Intent(int(amount), currency, metadata)
        self._store.save(intent)
        return Answer(200, intent.as_json())

    def _list(self, form: Form) -> Answer:
        limit = int(form.get("limit", "10"))
        found = self._store.since(int(form.get("created[gte]", "0")), form.get("starting_after"), limit + 1)
        data = [intent.as_json() for intent in found[:limit]]
        return Answer(200, {"object": "list", "data": data, "has_more": len(found) > limit})

    def _confirm(self, intent: Intent, form: Form) -> Answer:
        method = form.get("payment_method", "")
        if intent.status not in CHARGEABLE:
            raise Refused(400, "payment_intent_unexpected_state", payment_intent=intent.as_json())
        if method not in METHODS and method not in DECLINES:
            raise Refused(400, "resource_missing", param="payment_method")
        intent.method, intent.error = method, DECLINES.get(method)
        if intent.error:
            intent.status = "requires_payment_method"
            self._store.save(intent)
            error = {"type": "card_error", "code": "card_declined", "decline_code": intent.error}
            return Answer(
                402, {"error": {**error, "payment_intent": intent.as_json()}}, "payment_intent.payment_failed"
            )
        intent.status, intent.charges = "succeeded", intent.charges + 1
        self._store.save(intent)
        return Answer(200, intent.as_json(), "payment_intent.succeeded")

    def _cancel(self, intent: Intent) -> Answer:
        if intent.status not in CHARGEABLE:
            raise Refused(400, "payment_intent_unexpected_state", payment_intent=intent.as_json())
        intent.status = "canceled"
        self._store.save(intent)
        return Answer(200, intent.as_json(), "payment_intent.canceled")

    def _refund(self, form: Form) -> Answer:
        intent = self._intent(form.get("payment_intent", ""))
        if not intent.charges:
            raise Refused(400, "charge_not_captured")
        if intent.refunded:
            raise Refused(400, "charge_already_refunded")
        intent.refunded = intent.amount
        self._store.save(intent)
        refund = {"id": f"re_{intent.id[3:]}", "object": "refund", "amount": intent.amount, "status": "succeeded"}
        return Answer(200, {**refund, "payment_intent": intent.id}, "charge.refunded")
