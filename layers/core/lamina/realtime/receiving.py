"""Processes the messages of a client."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from lamina.access.policy import Caller, Credential
from lamina.errors import Unauthenticated
from lamina.events.request_context import RequestContext
from lamina.graphql import subscriptions as graphql
from lamina.graphql.context import Context
from lamina.graphql.topics import Topic
from lamina.graphql_errors import as_graphql
from lamina.identity.model import CredentialRef
from lamina.identity.tokens import authentication
from lamina.identity.tokens.callers import callers_of, ref_of
from lamina.known_errors import known_error
from lamina.limits import rules
from lamina.limits.quota import RateLimited
from lamina.realtime import connections, protocol, subscriptions
from lamina.realtime.closing import close, over
from lamina.realtime.errors import CloseCode, Closing, ConnectionGone
from lamina.realtime.model import Connection, Operation
from lamina.realtime.protocol import Complete, Init, Ping, Pong, Subscribe
from lamina.realtime.queues import warm_up
from lamina.realtime.sockets import Outcome, Sockets


def receive(sockets: Sockets, connection_id: str, text: str, request_id: str) -> None:
    """Process a message. A connection that does not follow the protocol is closed.

    Args:
        sockets: the connections.
        connection_id: the connection that it came from.
        text: the message.
        request_id: id of the request, for errors and as correlation id of changes.
    """
    try:
        _Receiver(sockets, connection_id, request_id).answer(text)
    except Closing as closing:
        close(sockets, connection_id, closing, request_id)


class _Receiver:
    def __init__(self, sockets: Sockets, connection_id: str, request_id: str) -> None:
        self._sockets = sockets
        self._connection_id = connection_id
        self._request_id = request_id

    def answer(self, text: str) -> None:
        message = protocol.read(text)
        match message:
            case Ping(payload):
                self._post(protocol.pong(payload))
            case Pong():
                return
            case _:
                connection = connections.find(self._connection_id)
                if connection is None:
                    self._sockets.close(self._connection_id)
                else:
                    self._answer(connection, message)

    def _answer(self, connection: Connection, message: Init | Subscribe | Complete) -> None:
        match message:
            case Init(payload):
                self._initialise(connection, payload)
            case Subscribe():
                self._subscribe(connection, message)
            case Complete(operation_id):
                topic = connection.subscriptions.get(operation_id)
                if topic is not None:
                    subscriptions.finish(connection.id, operation_id, topic)

    def _initialise(self, connection: Connection, payload: Mapping[str, Any]) -> None:
        if connection.is_initialised:
            raise Closing(
                CloseCode.TOO_MANY_INITS, "Too many initialisation requests", error_code="TOO_MANY_INITIALISATIONS"
            )
        connections.initialise(connection, _authenticated(connection, payload))
        self._post(protocol.ack())
        warm_up()

    def _subscribe(self, connection: Connection, message: Subscribe) -> None:
        if not connection.is_initialised or connection.ref is None:
            raise Closing(
                CloseCode.UNAUTHORIZED,
                "Send connection_init first, and wait for connection_ack.",
                operation_id=message.id,
                error_code="UNAUTHENTICATED",
            )
        if message.id in connection.subscriptions:
            raise subscriptions.duplicate(message.id)
        caller = callers_of([connection.ref]).get(connection.ref)
        if caller is None:
            raise over()
        try:
            _count(connection.ref)
            self._execute(connection, connection.ref, caller, message)
        except ConnectionGone:
            self._sockets.close(connection.id)
        except Closing:
            raise
        except Exception as error:  # noqa: BLE001 (the operation fails, and the client is told)
            self._fail(message.id, [as_graphql(known_error(error), self._request_id)])

    def _execute(self, connection: Connection, ref: CredentialRef, caller: Caller, message: Subscribe) -> None:
        """Execute a query or a mutation, or begin a subscription."""
        context = Context(caller, RequestContext(caller.user_id, self._request_id))
        answer = graphql.start(message.query, message.variables, message.operation_name, context, self._request_id)
        if isinstance(answer, Topic):
            operation = Operation(message.query, message.variables, message.operation_name)
            subscriptions.begin(connection, message.id, ref, operation, topic=answer.name, since=answer.since)
        elif answer.status == HTTPStatus.OK:
            self._next(message.id, answer.document)
            self._post(protocol.complete(message.id))
        else:
            self._fail(message.id, answer.document["errors"])

    def _next(self, operation_id: str, result: Mapping[str, Any]) -> None:
        text = protocol.following(operation_id, result)
        size = len(text.encode())
        if size > protocol.MAX_ANSWER_BYTES:
            raise protocol.too_large(size)
        self._post(text)

    def _fail(self, operation_id: str, errors: list[dict[str, Any]]) -> None:
        self._post(protocol.failure(operation_id, errors))

    def _post(self, text: str) -> None:
        if self._sockets.post(self._connection_id, text) == Outcome.GONE:
            connections.end(self._connection_id)


def _authenticated(connection: Connection, payload: Mapping[str, Any]) -> CredentialRef:
    """Return the credential of `connection_init`, or the one of the handshake.

    Raises:
        Closing: 4403 if there is none, it is not valid, or it has sent too many requests.
    """
    given = {name.lower(): value for name, value in payload.items() if name.lower() in protocol.CREDENTIALS}
    headers = {name: value for name, value in given.items() if isinstance(value, str)}
    if headers:
        # Not a safe method, so that no cached result is used.
        context = authentication.authenticate("POST", headers, connection.client_ip)
        if "problem" not in context:
            return ref_of(context)
        raise _refused(context["problem"])
    if connection.ref is not None and callers_of([connection.ref]):
        return connection.ref
    raise _refused(Unauthenticated.code)


def _refused(code: str) -> Closing:
    if code == RateLimited.code:
        return Closing(CloseCode.FORBIDDEN, RateLimited.message, error_code=code)
    message = 'Send a valid credential in the payload of connection_init: {"authorization": "Bearer <token>"}.'
    return Closing(CloseCode.FORBIDDEN, message, error_code=code)


def _count(ref: CredentialRef) -> None:
    """Count an operation like a request.

    Raises:
        RateLimited: if the caller has sent too many.
    """
    is_client = ref.credential == Credential.OAUTH_CLIENT
    rules.count([(rules.CALLER, rules.client(ref.credential_id) if is_client else ref.user_id)])
