"""Why a connection is closed, and why a subscription is refused."""

from enum import IntEnum

from lamina.errors import RuleViolated


class CloseCode(IntEnum):
    """The codes with which the protocol closes a socket.

    API Gateway cannot close with a code of ours, so an `error` states the code before the end.
    """

    TOO_LARGE = 1009
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    INIT_TIMEOUT = 4408
    DUPLICATE_SUBSCRIBER = 4409
    TOO_MANY_INITS = 4429


class Closing(Exception):
    """The connection must be closed.

    Attributes:
        code: the protocol's code.
        message: a sentence for the client.
        operation_id: the operation at fault; `""` for the connection itself.
        error_code: the code of the API, as in `errors[].extensions.code`.
    """

    def __init__(
        self, code: CloseCode, message: str, *, operation_id: str = "", error_code: str = "BAD_MESSAGE"
    ) -> None:
        self.code = code
        self.message = message
        self.operation_id = operation_id
        self.error_code = error_code
        super().__init__(message)


class ConnectionGone(Exception):
    """The connection has ended."""


class TooManySubscriptions(RuleViolated):
    """The connection has as many subscriptions as it may have."""

    code = "TOO_MANY_SUBSCRIPTIONS"
    message = "The connection has too many subscriptions. Complete one first, or open another connection."
