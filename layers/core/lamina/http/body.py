"""JSON bodies, read strictly: what two parsers could read differently is refused (RFC 8259 sections 4, 6 and 8)."""

import json
from collections.abc import Iterator
from itertools import chain
from math import isfinite
from typing import NoReturn

from lamina.errors import Invalid

MAX_DEPTH = 32
MAX_VALUES = 10_000
"""Values in one body, counting names: what keeps a body of a million unknown fields from costing seconds."""

REPLACEMENT = "\ufffd"
"""What stands where bytes were no UTF-8 before API Gateway made text of them. Unescaped, it is never meant."""

type Json = dict[str, Json] | list[Json] | str | float | bool | None


class MalformedJson(Invalid):
    """The body is not the JSON that we take."""

    code = "MALFORMED_JSON"
    message = "The body must be valid JSON in UTF-8."


def parse(text: str) -> Json:
    """Read a JSON document.

    Raises:
        MalformedJson: for broken JSON, duplicate names, NaN and infinities, more than 32 levels or 10,000 values, NUL
            characters and lone surrogates (which UTF-8 cannot carry), saying which.
    """
    try:
        document: Json = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise MalformedJson(f"The body is not valid JSON; the mistake is at character {error.pos + 1}.") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        # int() refuses absurdly long numbers (sys.set_int_max_str_digits).
        raise MalformedJson("The body holds a number with too many digits.") from None
    _check(document)
    return document


def is_unicode(text: str) -> bool:
    """Tell whether text can be written as UTF-8: false for lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise MalformedJson("The body names a field twice; send each once.")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJson(f"The body holds {name}, which is not JSON.")


def _check(document: Json) -> None:
    """Walk level by level, so that no depth can exhaust the stack."""
    level, seen = [document], 0
    for _ in range(MAX_DEPTH):
        if not level:
            return
        seen += len(level)
        if seen > MAX_VALUES:
            raise MalformedJson(f"The body holds more than {MAX_VALUES} values.")
        level = list(chain.from_iterable(map(_children, level)))
    if level:
        raise _too_deep()


def _children(value: Json) -> Iterator[Json]:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, float) and not isfinite(value):
        raise MalformedJson("The body holds a number that is too large.")
    elif isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _check_text(text: str) -> None:
    if "\x00" in text or not is_unicode(text):
        raise MalformedJson("The body holds a NUL character or half of a surrogate pair; remove it.")


def _too_deep() -> MalformedJson:
    return MalformedJson(f"The body nests deeper than {MAX_DEPTH} levels.")
