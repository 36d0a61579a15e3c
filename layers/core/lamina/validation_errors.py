"""Validation messages: converts each Pydantic error to a field path and a message.

Messages never contain the invalid values, because they may be secrets.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lamina.errors import Invalid, Problem

MAX_PROBLEMS = 50
MAX_NAME = 100
"""Maximum length of a field path in a message."""

_ADVICE = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this request",
    "string_type": "must be a string",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "int_parsing_size": "must be an integer",
    "int_from_float": "must be an integer",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "list_type": "must be a list",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "value_error": "{error}",
}
"""By type of Pydantic error (https://docs.pydantic.dev/latest/errors/validation_errors/)."""


def invalid(found: Sequence[Mapping[str, Any]]) -> Invalid:
    """Return an error that names each invalid field, up to 50 of them, from Pydantic's errors."""
    return Invalid(details=[problem(_path(finding["loc"]), _advice(finding)) for finding in found[:MAX_PROBLEMS]])


def problem(field: str, advice: str) -> Problem:
    """Return a problem with a field whose name comes from the client and may be of any length."""
    return Problem(field if len(field) <= MAX_NAME else f"{field[:MAX_NAME]}…", advice)


def _path(location: Sequence[str | int]) -> str:
    """Return the path of a field as the client sees it: `address.city`, without a leading `body`, `query` or `path`."""
    return ".".join(str(part) for part in location[1:]) or str(location[0])


def _advice(finding: Mapping[str, Any]) -> str:
    return _ADVICE.get(finding["type"], "is invalid").format_map(finding.get("ctx", {}))
