"""Input types shared by endpoints: one strict parser per kind of value.

Each type accepts exactly one format. The pattern published in the OpenAPI document is the one that the code checks. It
is written so that ECMAScript (with the `u` flag), Python and Rust interpret it alike.
"""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from lamina.ids import canonical, stamp

BREAKING = (
    r"\x00-\x1f\x7f-\x9f\u2028\u2029"  # controls, line and paragraph separators
    r"\u202a-\u202e\u2066-\u2069"  # embeddings, overrides and isolates, which reorder the text around them
    r"\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff"  # noncharacters, and annotations within a line
) + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
"""Characters that are not allowed in a line of text (Unicode 23.2, 23.7, 23.8 and UAX 9). Those beyond U+FFFF are
written literally, because regular expression engines do not agree on an escape for them."""
INVISIBLE = (
    r" \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u2800"  # spaces, and the Braille pattern without dots
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\u206a-\u206f"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""White space and Default_Ignorable_Code_Point (Unicode 5.21). A line may contain them, for example the joiners of
emoji and scripts, but not consist of them only."""
VISIBLE_LINE = rf"^(?![{INVISIBLE}]*$)[^{BREAKING}]*$"
"""One line of text with at least one visible character."""
OPTIONAL_LINE = rf"^(?![{INVISIBLE}]+$)[^{BREAKING}]*$"
"""The same, or the empty string."""
VISIBLE_TEXT = rf"^(?![\s{INVISIBLE}]*$)[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]*$"
"""Text of one or more lines with at least one visible character, without controls other than tab and line breaks."""
OPTIONAL_TEXT = rf"^(?![\s{INVISIBLE}]+$)[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]*$"
"""The same, or the empty string."""
LINE_ADVICE = "must be one line with a visible character, without control or direction characters"
TEXT_ADVICE = "must contain a visible character, and no control characters other than tabs and line breaks"

INTEGER = r"^(?:0|-?[1-9][0-9]{0,99})$"
"""An integer as in JSON; no bound in this API has more digits."""
TIMESTAMP = (
    r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""RFC 3339 section 5.6, without leap seconds, which `datetime` cannot represent."""

_BREAKS = re.compile(f"[{BREAKING}]")


def matching(pattern: str, advice: str) -> AfterValidator:
    """Return a validator that requires a pattern and fails with the message `advice`."""
    compiled = re.compile(pattern.removesuffix("$"))

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(advice)
        return text

    return AfterValidator(check)


def one_line(text: str) -> str:
    """Return text from an untrusted header, such as `User-Agent`, without the characters that a line cannot contain."""
    return _BREAKS.sub("", text)


def canonical_id(value: object) -> object:
    """Return the text of a UUID in canonical form, for `BeforeValidator`; another value, such as None, unchanged.

    Raises:
        ValueError: if the text is not a UUID.
    """
    return canonical(value) if isinstance(value, str) else value


def _timestamp(value: object) -> str:
    try:
        if isinstance(value, str) and re.fullmatch(TIMESTAMP[:-1], value):
            return stamp(datetime.fromisoformat(value.upper()))
    except (OverflowError, ValueError):
        pass  # reported below: an invalid day, or a year outside 1 to 9999
    raise ValueError("must be an RFC 3339 timestamp, like 2026-11-20T09:30:00Z")


def _query_integer(value: object) -> int:
    if isinstance(value, str) and re.fullmatch(INTEGER[:-1], value):
        return int(value)
    raise ValueError("must be an integer")


def _query_boolean(value: object) -> bool:
    if value in ("true", "false"):
        return value == "true"
    raise ValueError("must be true or false")


def _whole(number: object) -> object:
    """Return 36.0 as 36: in JSON, a number is an integer if its value is integral (JSON Schema validation, 6.1.1)."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


type Timestamp = Annotated[
    str,
    BeforeValidator(_timestamp),
    Field(examples=["2026-11-20T09:30:00Z"], json_schema_extra={"format": "date-time"}),
]
"""An RFC 3339 timestamp in a body or a query. It is passed to the handler in the format of `ids.now`."""
QueryInteger = Annotated[int, BeforeValidator(_query_integer)]
"""An integer in a query: digits only, as in JSON."""
QueryBoolean = Annotated[bool, BeforeValidator(_query_boolean)]
"""`true` or `false` in a query."""
Integer = Annotated[int, Field(strict=True), BeforeValidator(_whole)]
"""An integer in a body."""
Boolean = Annotated[bool, Field(strict=True)]
"""`true` or `false` in a body."""
type Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        description="The display name: one line with at least one visible character.",
        examples=["Ada Lovelace"],
        json_schema_extra={"pattern": VISIBLE_LINE},
    ),
    matching(VISIBLE_LINE, LINE_ADVICE),
]
"""A display name."""
