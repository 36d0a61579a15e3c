"""Client-defined metadata of a user: size limit and merge patches."""

import json
from collections.abc import Mapping
from typing import Any

from lamina.errors import Invalid, Problem

MAX_BYTES = 8192
TOO_LARGE = f"must have at most {MAX_BYTES} bytes as JSON"


def is_small(metadata: Mapping[str, Any]) -> bool:
    """Return whether metadata have at most 8,192 bytes as JSON."""
    return len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode()) <= MAX_BYTES


def patched(metadata: Mapping[str, Any], patch: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return metadata after a merge patch; None resets them.

    Raises:
        Invalid: if the result is too large.
    """
    result: dict[str, Any] = merge_patch(metadata, patch) or {}
    if not is_small(result):
        raise Invalid(details=[Problem("metadata", f"{TOO_LARGE} after merging")])
    return result


def merge_patch(target: object, patch: object) -> Any:  # noqa: ANN401 (any JSON value)
    """Return a value after a JSON merge patch (RFC 7396 section 2); arguments are not modified."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result
