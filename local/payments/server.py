"""Serves the simulated API under `/_local/payments/v1`, and its faults under `/_local/payments/faults`.

Idempotency keys replay what was executed, and also a 500 (https://docs.stripe.com/api/idempotent_requests).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl

from aiohttp import web

from local.envelope import Answer as Response
from local.envelope import refuse
from local.payments.api import Answer, Api, Form, Refused
from local.payments.faults import SLOW_SECONDS, Faults
from local.payments.notify import Notifier
from local.payments.store import Store

PREFIX = "/_local/payments/"
VERSION = "v1/"
KEY_PREFIX = "Bearer sk_test_"
BROKEN = Answer(500, {"error": {"type": "api_error", "message": "An unknown error occurred"}})
IN_PROGRESS = Answer(409, {"error": {"type": "idempotency_error", "code": "idempotency_key_in_use"}})


class Simulator:
    """The simulated provider of one local stack.

    Args:
        file: where payments are stored; None for memory.
        webhook: URL that notifications are sent to.
        secret: returns the secret that signs them; None while it is not known.
    """

    def __init__(self, file: Path | None, webhook: str, secret: Callable[[], Awaitable[str | None]]) -> None:
        self.faults = Faults()
        self._store = Store(file)
        self._api = Api(self._store)
        self._notifier = Notifier(webhook, secret)
        self._under_way: set[str] = set()

    async def close(self) -> None:
        """Stop sending notifications, and close the store."""
        await self._notifier.close()
        self._store.close()

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the response to a request under `/_local/payments/`."""
        path = request.path.removeprefix(PREFIX)
        if path == "faults":
            return await self._faults(request)
        if not path.startswith(VERSION):
            return refuse(404, "NOT_FOUND", "The resource was not found.", request.headers)
        if not request.headers.get("Authorization", "").startswith(KEY_PREFIX):
            return _json(Answer(401, {"error": {"type": "invalid_request_error", "code": "api_key_invalid"}}))
        body = (await request.read()).decode()
        form = {**request.query, **dict(parse_qsl(body))}
        return await self._answer(request, path.removeprefix(VERSION), form)

    async def _answer(self, request: web.BaseRequest, path: str, form: Form) -> web.StreamResponse:
        key = request.headers.get("Idempotency-Key")
        asked = json.dumps([path, sorted(form.items())])
        if key is None:
            return await self._changed(request, path, form)
        earlier = self._store.answered(key)
        if earlier is not None:
            if earlier[0] != asked:
                return _json(Refused(400, "idempotency_key_reused").answer)
            return _json(Answer(**earlier[1]), {"Idempotent-Replayed": "true"})
        if key in self._under_way:
            return _json(IN_PROGRESS)
        self._under_way.add(key)
        try:
            return await self._changed(request, path, form, lambda answer: self._remember(key, asked, answer))
        finally:
            self._under_way.discard(key)

    def _remember(self, key: str, asked: str, answer: Answer) -> None:
        self._store.remember(key, asked, {"status": answer.status, "content": answer.content})

    async def _changed(
        self, request: web.BaseRequest, path: str, form: Form, remember: Callable[[Answer], None] = lambda _: None
    ) -> web.StreamResponse:
        """Execute a request, with the faults that apply to it."""
        if request.method == "GET":
            return _json(self._executed(request.method, path, form))
        if self.faults.take("drops"):
            return _dropped(request)
        is_slow = path.endswith("/confirm") and form.get("payment_method") == "pm_card_slow"
        await asyncio.sleep(SLOW_SECONDS if is_slow else self.faults.slow_seconds)
        if self.faults.take("errors"):
            remember(BROKEN)
            return _json(BROKEN)
        if path.endswith("/confirm") and self.faults.take("declines"):
            form = {**form, "payment_method": "pm_card_chargeDeclined"}
        answer = self._executed(request.method, path, form)
        if not answer.is_refusal:
            remember(answer)
        is_broken = self.faults.take("errors_after")
        if is_broken:
            remember(BROKEN)
        await self._notify(answer)
        if (answer.status == HTTPStatus.OK and _is_lost(path, form)) or self.faults.take("losses"):
            return _dropped(request)
        return _json(BROKEN if is_broken else answer)

    def _executed(self, method: str, path: str, form: Form) -> Answer:
        try:
            return self._api.operation(method, path)(form)
        except Refused as refused:
            return refused.answer

    async def _notify(self, answer: Answer) -> None:
        if not answer.event or self.faults.take("lost_notifications"):
            return
        about = answer.content.get("error", {}).get("payment_intent", answer.content)
        if answer.event == "charge.refunded":
            about = self._api.charge_of(answer.content["payment_intent"])
        if self.faults.take("early_notifications"):
            await self._notifier.send(answer.event, about)
        else:
            self._notifier.begin(answer.event, about, self.faults.late_seconds)
        if self.faults.take("repeated_notifications"):
            self._notifier.begin(answer.event, about, self.faults.late_seconds)

    async def _faults(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "PUT":
            try:
                self.faults.set(json.loads(await request.read()))
            except (ValueError, AttributeError) as error:
                return refuse(400, "VALIDATION_ERROR", str(error), request.headers)
        elif request.method != "GET":
            return refuse(405, "METHOD_NOT_ALLOWED", "Use GET or PUT.", request.headers, {"Allow": "GET, PUT"})
        return Response(body=json.dumps(self.faults.as_json()).encode(), content_type="application/json")


def _is_lost(path: str, form: Form) -> bool:
    """Return whether the answer to a charge is lost. Repeated, it is refused, because the payment is charged."""
    return path.endswith("/confirm") and form.get("payment_method") == "pm_card_lost"


def _dropped(request: web.BaseRequest) -> web.StreamResponse:
    """Close the connection without a response."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _json(answer: Answer, headers: dict[str, str] | None = None) -> Response:
    body = json.dumps(answer.content).encode()
    return Response(status=answer.status, body=body, headers=headers, content_type="application/json")
