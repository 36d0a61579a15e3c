"""What the functions log, caught."""

import io
import json
from collections.abc import Iterator
from logging import StreamHandler
from typing import Any

import pytest

from lamina.observability.logs import logger


class Log:
    """What has been logged since the test began, as CloudWatch would get it."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        """Everything."""
        return self._stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Line by line."""
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    """The log, which is kept from the terminal."""
    (handler,), stream = logger.handlers, io.StringIO()
    assert isinstance(handler, StreamHandler)
    before = handler.setStream(stream)
    yield Log(stream)
    handler.setStream(before)
