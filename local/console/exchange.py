"""Requests and responses as the console shows them: bounded, and without secrets."""

import contextlib
import json
import re
from collections.abc import Iterable
from typing import Any

LONGEST_BODY = 32 * 1024
HIDDEN = "•••"
SECRET_HEADERS = {"authorization", "cookie", "set-cookie", "x-api-key", "proxy-authorization"}
SECRET_FIELDS = re.compile(
    r"(?i)(password|secret|token|recovery_codes|otpauth|^code$|^key$|^assertion$|^authorization$|^cookie$|^x-api-key$)(?!_type)"
)
SECRET_PARAMETERS = re.compile(
    r"(?i)([?&][^=&]*(?:token|code|key|secret|password|assertion|signature|authorization)=)[^&]*"
)
UNREADABLE = (ValueError, RecursionError)
"""What `json` raises: RecursionError where values are nested deeper than Python calls itself."""
TEXT = re.compile(r"(?i)^(text/|application/(.*\+)?(json|xml|x-www-form-urlencoded|graphql))")


def path_without_secrets(raw: str) -> str:
    """Return a request target whose secret parameters are hidden."""
    return SECRET_PARAMETERS.sub(rf"\1{HIDDEN}", raw)[:2048]


def headers_without_secrets(lines: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return header lines; of a credential only the scheme is left."""
    return [[name, _header(name, value)] for name, value in lines]


def body_without_secrets(body: bytes, media_type: str) -> dict[str, Any]:
    """Return the size of a body and, if it is text, the text without secrets; JSON is indented."""
    found: dict[str, Any] = {"size": len(body)}
    if not body or not TEXT.match(media_type):
        return found
    if len(body) > LONGEST_BODY:
        return {**found, "text": body[:2048].decode(errors="replace"), "cut": True} if "html" in media_type else found
    text = body.decode(errors="replace")
    if "form-urlencoded" in media_type:
        return {**found, "text": SECRET_PARAMETERS.sub(rf"\1{HIDDEN}", f"&{text}")[1:]}
    if not text.lstrip().startswith(("{", "[")):
        return {**found, "text": text}
    try:
        content = json.loads(text)
        return {**found, "text": json.dumps(_hidden(content), indent=2, ensure_ascii=False)}
    except UNREADABLE:
        return found  # where a secret begins and ends in it is not known


def hidden(content: Any) -> Any:  # noqa: ANN401  JSON
    """Return JSON whose secret fields are hidden, also those of JSON in a string; what is nested too deep is hidden."""
    try:
        return _hidden(content)
    except RecursionError:
        return HIDDEN


def _hidden(content: Any) -> Any:  # noqa: ANN401  JSON
    if isinstance(content, dict):
        return {name: HIDDEN if _is_secret(name, value) else _hidden(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_hidden(value) for value in content]
    if isinstance(content, str) and content.startswith(("{", "[")):
        with contextlib.suppress(ValueError):
            return json.dumps(_hidden(json.loads(content)), ensure_ascii=False)
    return content


def _is_secret(name: str, value: object) -> bool:
    """Whether a field is a secret; the error code of the envelope is not: it is in capitals."""
    if not SECRET_FIELDS.search(name) or not isinstance(value, str | list):
        return False
    return not (name == "code" and isinstance(value, str) and value.isupper())


def _header(name: str, value: str) -> str:
    if name.lower() not in SECRET_HEADERS:
        return SECRET_PARAMETERS.sub(rf"\1{HIDDEN}", value)
    scheme, blank, _ = value.partition(" ")
    return f"{scheme} {HIDDEN}" if blank and name.lower() == "authorization" else HIDDEN
