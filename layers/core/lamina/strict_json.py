"""JSON: strict parsing, which refuses ambiguous documents (RFC 8259 sections 4, 6 and 8), and compact text."""

import json
import sys
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import NamedTuple, NoReturn

from lamina.errors import Invalid
from lamina.validation_errors import problem

MAX_DEPTH = 32
MAX_VALUES = 10_000
"""Maximum number of values in a body, including names: limits the CPU time of a body with many unknown fields."""

LARGEST = sys.float_info.max
MAX_DIGITS = 310
"""An integer with more characters is larger than `LARGEST`."""

REPLACEMENT = "\ufffd"
"""API Gateway replaces bytes that are not UTF-8 with this character. A literal one is therefore treated as invalid."""

as_json = partial(json.dumps, separators=(",", ":"), ensure_ascii=False)
"""Serialize to JSON in UTF-8, without escapes."""

type Json = dict[str, Json] | list[Json] | str | float | bool | None


class MalformedJson(Invalid):
    """The body is not valid JSON, or not within the limits of this API."""

    code = "MALFORMED_JSON"
    message = "The body must be valid JSON in UTF-8."


def parse(text: str) -> Json:
    """Return a JSON document.

    Raises:
        MalformedJson: for invalid JSON, duplicate names, NaN, infinities, numbers beyond double precision, more than 32
            levels or 10,000 values, NUL characters and lone surrogates (which UTF-8 cannot represent).
    """
    try:
        document: Json = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise MalformedJson(f"The body is not valid JSON: syntax error at character {error.pos + 1}.") from None
    except RecursionError:
        raise _too_deep() from None
    check(document)
    return document


def is_unicode(text: str) -> bool:
    """Return whether text can be encoded as UTF-8: false for lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise MalformedJson("The body contains a duplicate field name.")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJson(f"The body contains {name}, which is not valid JSON.")


def _whole(text: str) -> float:
    return int(text) if len(text) <= MAX_DIGITS else float(text)


def check(document: Json) -> None:
    """Check the values of a document, level by level, without recursion, so that depth cannot exhaust the stack.

    Raises:
        MalformedJson: see `parse`.
    """
    level, seen = [_Node("", document)], 0
    for _ in range(MAX_DEPTH):
        if not level:
            return
        seen += len(level)
        if seen > MAX_VALUES:
            raise MalformedJson(f"The body contains more than {MAX_VALUES} values.")
        level = list(chain.from_iterable(map(_children, level)))
    if level:
        raise _too_deep()


class _Node(NamedTuple):
    """A value and its position. The path is computed only when it is needed."""

    name: str | int
    value: Json
    parent: "_Node | None" = None

    @property
    def path(self) -> str:
        above = self.parent.path if self.parent else ""
        return f"{above}.{self.name}" if above else str(self.name)


def _children(node: _Node) -> Iterator[_Node]:
    value = node.value
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, int | float):
        _check_number(value, node)
    elif isinstance(value, dict):
        for name, child in value.items():
            yield _Node(name, name, node)
            yield _Node(name, child, node)
    elif isinstance(value, list):
        for place, child in enumerate(value):
            yield _Node(place, child, node)


def _check_number(number: float, node: _Node) -> None:
    """Refuse numbers that a double cannot represent (RFC 8259 section 6), such as 1e400 or an integer of 400 digits."""
    if not -LARGEST <= number <= LARGEST:
        raise MalformedJson(
            "The body contains a number that is too large.",
            details=[problem(node.path or "body", "is too large")],
        )


def _check_text(text: str) -> None:
    if "\x00" in text or not is_unicode(text):
        raise MalformedJson("The body contains a NUL character or a lone surrogate.")


def _too_deep() -> MalformedJson:
    return MalformedJson(f"The body is nested deeper than {MAX_DEPTH} levels.")
