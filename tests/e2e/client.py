"""A client of the running stack that sends exactly what it is told, and remembers every secret that passes by."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection
from typing import Any

SECONDS_TO_ANSWER = 30
SECRET_NAMES = {"password", "email", "access_token", "refresh_token", "next_cursor", "cursor"}
SHORTEST_SECRET = 8
"""Shorter values stand in logs by chance."""


class _Connection(HTTPConnection):
    """Sends any path, also one that no careful client would."""

    def _validate_path(self, url: str) -> None:
        pass

    def _encode_request(self, request: str) -> bytes:
        return request.encode("latin-1")


@dataclass(frozen=True)
class Answer:
    """What came back; headers are found in whatever case."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        """The whole body."""
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        """What the envelope holds."""
        return self.json["data"]

    @property
    def error(self) -> Any:
        """What the error envelope holds."""
        return self.json["error"]

    @property
    def meta(self) -> Any:
        """What a list tells of itself."""
        return self.json["meta"]

    @property
    def links(self) -> Any:
        """Where to go from here."""
        return self.json["links"]


@dataclass
class Client:
    """Somebody who talks to the API.

    Attributes:
        port: of the front.
        secrets: where what must never be logged is noted, shared by all clients of the run.
        token: the access token to send, if any.
        headers: to send with every request.
        address: where the requests come from, any of 127.0.0.0/8.
        seconds: how long to wait for an answer.
    """

    port: int
    secrets: set[str]
    token: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    address: str = "127.0.0.1"
    seconds: float = SECONDS_TO_ANSWER

    def call(self, method: str, target: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Send one request; text and bytes go as they are, anything else as JSON."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        raw = body if isinstance(body, bytes | None) else (body if isinstance(body, str) else json.dumps(body)).encode()
        if raw is not None:
            sent["Content-Type"] = "application/json"
        sent |= {**self.headers, **(headers or {})}
        self._note(body, target)
        answer = self._send(method, target, raw, sent)
        self._note_answer(answer)
        return answer

    def get(self, target: str, **how: Any) -> Answer:
        """Send a GET."""
        return self.call("GET", target, **how)

    def post(self, target: str, body: object = None, **how: Any) -> Answer:
        """Send a POST."""
        return self.call("POST", target, body, **how)

    def put(self, target: str, body: object = None, **how: Any) -> Answer:
        """Send a PUT."""
        return self.call("PUT", target, body, **how)

    def patch(self, target: str, body: object = None, **how: Any) -> Answer:
        """Send a PATCH."""
        return self.call("PATCH", target, body, **how)

    def delete(self, target: str, **how: Any) -> Answer:
        """Send a DELETE."""
        return self.call("DELETE", target, **how)

    def follow(self, answer: Answer, relation: str) -> Answer:
        """GET what a link of an answer leads to."""
        return self.get(answer.links[relation])

    def signed_in(self, email: str, password: str) -> "Client":
        """Sign in, and return the client of that session."""
        answer = self.post("/v1/auth/login", {"email": email, "password": password})
        assert answer.status == 200, answer.body
        return Client(self.port, self.secrets, answer.data["access_token"], seconds=self.seconds)

    def _send(self, method: str, target: str, raw: bytes | None, headers: Mapping[str, str]) -> Answer:
        connection = _Connection("127.0.0.1", self.port, timeout=self.seconds, source_address=(self.address, 0))
        try:
            connection.request(method, target, raw, dict(headers))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def _note(self, body: object, target: str) -> None:
        self.secrets.update(secret for secret in (self.token, *_secrets(body)) if len(secret) >= SHORTEST_SECRET)
        _, _, cursor = target.partition("cursor=")
        if len(cursor) >= SHORTEST_SECRET:
            self.secrets.add(cursor.partition("&")[0])

    def _note_answer(self, answer: Answer) -> None:
        if answer.headers.get_content_type() == "application/json" and answer.body:
            self._note(answer.json, "")


def _secrets(value: object) -> Iterator[str]:
    """Find what must never be logged: by the name of its field, wherever it is."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in SECRET_NAMES and isinstance(inner, str):
                yield inner
            else:
                yield from _secrets(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _secrets(inner)
