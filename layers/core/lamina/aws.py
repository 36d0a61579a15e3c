"""How we call AWS: every client that we make ourselves."""

from typing import Any

from botocore.awsrequest import AWSHTTPSConnection, AWSHTTPSConnectionPool
from botocore.config import Config

NAME = "lamina"
"""What we call ourselves. Else botocore composes a description of the machine twice for each request: a tenth of what a
read costs."""
CALLS = Config(
    user_agent=NAME, connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}
)
"""Seconds to connect and to answer, and tries: all of them fit into the 10 seconds of a request's function, so that it
can still say 503. Botocore's own 60 seconds would not."""


class OneWrite(AWSHTTPSConnection):
    """Sends the head and the body of a request together.

    urllib3 sends one after the other: two TLS records, two system calls and often two packets for a few hundred bytes.
    """

    _body: bytes | None = None

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 (the signature is botocore's)
        """Send a request; the body apart only if it is no bytes, or if the server is asked first whether to send it."""
        self._body = body if isinstance(body, bytes) and not (headers or {}).get("Expect") else None
        return super().request(method, url, body, headers, *rest, **more)

    def endheaders(self, message_body: Any = None, **more: Any) -> None:  # noqa: ANN401 (as above)
        """Send the head, and the body with it."""
        super().endheaders(self._body or message_body, **more)

    def send(self, data: Any) -> None:  # noqa: ANN401 (as above)
        """Send what has not left with the head."""
        if data is not self._body:
            super().send(data)


AWSHTTPSConnectionPool.ConnectionCls = OneWrite
