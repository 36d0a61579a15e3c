"""Users have a locale: `en` for those who have not chosen one."""

from collections.abc import Mapping
from typing import Any

KIND = "user"
VERSION = 2


def forward(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Set the locale of a user that has none."""
    return {} if "locale" in item else {"locale": "en"}


def back(item: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG001 (every migration has this argument)
    """Remove the locale: version 1 has none, and what users have chosen is lost."""
    return {"locale": None}
