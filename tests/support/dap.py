"""A client of the Debug Adapter Protocol, as an editor is one (https://microsoft.github.io/debug-adapter-protocol)."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SECONDS = 20.0

type Message = dict[str, Any]


class Debugger:
    """A connection to a debug adapter."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._sent = 0
        self._received: list[Message] = []

    def attach(self, **arguments: Any) -> Message:
        """Attach; the body of the event that says where it has stopped."""
        self.ask("initialize", adapterID="debugpy", clientID="tests", pathFormat="path", linesStartAt1=True)
        attaching = self._send("attach", arguments)
        self.event("initialized")
        self.ask("configurationDone")
        self._answer(attaching)
        return self.event("stopped")

    def ask(self, command: str, **arguments: Any) -> Any:
        """Send a request; the body of its response."""
        return self._answer(self._send(command, arguments))

    def event(self, name: str) -> Message:
        """Wait for an event; its body."""
        return dict(self._read(lambda message: message.get("event") == name).get("body", {}))

    def stack(self, thread: int) -> list[Message]:
        """The frames of a thread, innermost first."""
        return list(self.ask("stackTrace", threadId=thread)["stackFrames"])

    def _send(self, command: str, arguments: Message) -> int:
        self._sent += 1
        body = json.dumps({"seq": self._sent, "type": "request", "command": command, "arguments": arguments}).encode()
        self._connection.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        return self._sent

    def _answer(self, number: int) -> Any:
        response = self._read(lambda message: message.get("request_seq") == number)
        assert response["success"], response
        return response.get("body")

    def _read(self, is_wanted: Callable[[Message], bool]) -> Message:
        while not (found := [message for message in self._received if is_wanted(message)]):
            length = 0
            while line := self._stream.readline().strip():
                length = int(line.rpartition(b":")[2])
            assert length, "the adapter has closed the connection"
            self._received.append(json.loads(self._stream.read(length)))
        self._received.remove(found[0])
        return found[0]


@contextmanager
def debugger(port: int) -> Iterator[Debugger]:
    """A debugger, which detaches at the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        yield Debugger(connection)
