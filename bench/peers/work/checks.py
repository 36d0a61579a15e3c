"""Validation of requests by hand, for peers without a validating framework."""

import json
import re
from uuid import UUID

from answers import Refused

EMAIL = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+"
)
USERNAME = re.compile(r"[a-zA-Z0-9_.-]{3,30}")
NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*")
LOCALE = re.compile(r"[a-zA-Z]{2,3}(?:-[a-zA-Z]{4})?(?:-(?:[a-zA-Z]{2}|[0-9]{3}))?")
METADATA_BYTES = 8192
CANONICAL = 36


def user_id(text):
    """Check that an id is a UUID in its canonical form."""
    try:
        if len(text) == CANONICAL:
            return str(UUID(text))
    except ValueError:
        pass
    raise Refused("VALIDATION_ERROR", [{"field": "user_id", "message": "must be a UUID"}])


def new_user(body):
    """Read a body and check every field."""
    try:
        fields = json.loads(body or "")
    except ValueError:
        raise Refused("MALFORMED_JSON") from None
    if not isinstance(fields, dict):
        raise Refused("VALIDATION_ERROR", [{"field": "body", "message": "must be a JSON object"}])
    problems = [{"field": name, "message": "is not a field"} for name in fields.keys() - CHECKS.keys()]
    problems += [{"field": name, "message": "is required"} for name in REQUIRED if name not in fields]
    problems += [
        {"field": name, "message": advice}
        for name, (good, advice) in CHECKS.items()
        if name in fields and not good(fields[name])
    ]
    if problems:
        raise Refused("VALIDATION_ERROR", problems)
    locale = _canonical(fields.get("locale", "en"))
    return {**fields, "email": fields["email"].lower(), "username": fields["username"].lower(), "locale": locale}


def _canonical(tag):
    language, *rest = tag.split("-")
    return "-".join([language.lower(), *(part.title() if len(part) == 4 else part.upper() for part in rest)])


def _age(value):
    return value is None or (type(value) is int and 0 <= value <= 120)


def _small(value):
    return isinstance(value, dict) and len(json.dumps(value, ensure_ascii=False).encode()) <= METADATA_BYTES


def _matching(pattern, most):
    return lambda value: isinstance(value, str) and len(value) <= most and pattern.fullmatch(value)


REQUIRED = ("email", "username", "name")
CHECKS = {
    "email": (_matching(EMAIL, 254), "must be an e-mail address, like name@example.com"),
    "username": (_matching(USERNAME, 30), "must have 3 to 30 of the characters a-z, 0-9, _ . -"),
    "name": (_matching(NAME, 100), "must hold visible text without control characters"),
    "age": (_age, "must be an integer from 0 to 120"),
    "locale": (_matching(LOCALE, 11), "must be a language tag, like en, de-CH or zh-Hant-TW"),
    "metadata": (_small, "must be an object of at most 8192 bytes"),
    "role": (lambda value: value in ("admin", "editor", "viewer"), "must be one of admin, editor, viewer"),
    "status": (lambda value: value in ("active", "inactive", "suspended"), "must be active, inactive or suspended"),
}
