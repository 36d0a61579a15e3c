"""What an endpoint answers, before it is checked and written."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

JSON = "application/json"
"""The media type of nearly everything."""
as_json = partial(json.dumps, separators=(",", ":"), ensure_ascii=False)
"""Write JSON as the contract has it: UTF-8, without escapes."""


class Response[T]:
    """An answer that holds a T; endpoints say which by `-> Response[T]`, and the OpenAPI document with them.

    Attributes:
        status_code: of HTTP.
        body: a T, or its parts by name, to be checked against T and written as JSON; text goes as it is; None is none.
        headers: of its own, beside those that every answer carries.
    """

    def __init__(
        self,
        status_code: int,
        content_type: str | None = None,
        body: T | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Compose an answer; `content_type` is its media type where there is a body."""
        self.status_code = int(status_code)
        self.body = body
        self.headers = dict(headers or {})
        if content_type:
            self.headers.setdefault("Content-Type", content_type)
