"""Entity tags and preconditions (RFC 9110 sections 8.8.3 and 13.1)."""

import re
from collections.abc import Callable, Mapping

from lamina.ids import etag

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
_LIST = re.compile(rf"[ \t,]*(?:{_TAG.pattern}(?:[ \t]*,[ \t,]*{_TAG.pattern})*[ \t,]*)?")
"""Entity tags separated by commas; empty elements are ignored (RFC 9110 section 5.6.1.2)."""
PRECONDITIONS = ("if-match", "if-none-match")
_OTHER_STATE = re.compile(r'\.[0-9a-f]+"')


def entity_tag(state: str) -> str:
    """Return the strong entity tag for a state of a representation."""
    return f'"{state}"'


def is_fresh(tag: str, headers: Mapping[str, str]) -> bool:
    """Return whether If-None-Match contains this tag. `headers` are keyed in lower case."""
    return "if-none-match" in headers and _names(headers["if-none-match"], tag, weakly=True)


def version_condition(identifier: str, headers: Mapping[str, str]) -> Callable[[int], bool]:
    """Return the condition that the stored version of a resource must meet before a write.

    Without If-Match, every version meets it. Weak, malformed and foreign tags never match. Versions listed in
    If-None-Match are refused. What follows a dot in a tag is the state of other resources that the representation
    contains; a write does not depend on it.
    """

    def holds(version: int) -> bool:
        tag = entity_tag(etag(identifier, version))
        given = {name: _OTHER_STATE.sub('"', value) for name, value in headers.items() if name in PRECONDITIONS}
        return ("if-match" not in given or _names(given["if-match"], tag, weakly=False)) and not is_fresh(tag, given)

    return holds


def _names(header: str, tag: str, *, weakly: bool) -> bool:
    """Return whether a list of tags contains this one, by weak or strong comparison; `*` matches any."""
    header = header.strip()
    if header == "*":
        return True
    if not _LIST.fullmatch(header):
        return False
    return any(f'"{opaque}"' == tag and (weakly or not weak) for weak, opaque in _TAG.findall(header))
