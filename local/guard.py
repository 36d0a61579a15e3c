"""Access control of the local AWS: only callers with this run's credentials, and no foreign web pages.

MiniStack takes any signature of the root account, answers `Access-Control-Allow-Origin: *`, and serves its own paths
and every API without asking who calls. While it runs, any page that a browser shows could create a function on it and
invoke it. Here a request must name the address that is listened on (a page can have its own name resolved to
127.0.0.1), must come from no page but the stack's own, and must be signed by a key that this run has given out. What
AWS has no signature for bears the run's secret. Only S3 is reached by browsers, by what a function has signed: a form
to upload, a link to download.
"""

import hmac
import json
import os
from contextlib import suppress
from urllib.parse import parse_qs

from ministack import app
from ministack.core import iam_evaluator, sigv4
from ministack.core.responses import _account_from_sts_session, get_account_id
from ministack.services import s3

from local.account import CONTAINERS_NAME, RUN_HEADER, names_this_machine
from local.control import Application, Message, Receive, Scope, Send, body_of

RUN_NAME = RUN_HEADER.lower().encode()
CODE, MESSAGE = "AccessDenied", "Only this run of the stack may ask: its credentials, its origins."
AS_XML = f"<ErrorResponse><Error><Code>{CODE}</Code><Message>{MESSAGE}</Message></Error></ErrorResponse>"
AS_JSON = json.dumps({"__type": CODE, "message": MESSAGE})
CORS = b"access-control-"


def guarded(application: Application) -> Application:
    """Return the application with access control.

    The credentials are in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the origins of pages in ALLOWED_ORIGINS.
    """
    secret = os.environ["AWS_SECRET_ACCESS_KEY"]
    origins = set(os.environ.get("ALLOWED_ORIGINS", "").split(","))

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await application(scope, receive, send)
            return
        headers = _headers(scope)
        given = headers.pop(RUN_HEADER.lower(), "")
        host = headers.get("host", "")
        if not names_this_machine(host) and host.partition(":")[0] != CONTAINERS_NAME:
            await _refuse(scope, send)
        elif hmac.compare_digest(given.encode(), secret.encode()):
            await application(_without_secret(scope), receive, send)
        elif scope["type"] != "http" or ("origin" in headers and headers["origin"] not in origins):
            await _refuse(scope, send)
        else:
            body = await body_of(receive)
            kind = _admitted(scope, headers, body)
            if kind is None:
                await _refuse(scope, send)
            else:
                await application(scope, _again(body, receive), send if kind == "browser" else _without_cors(send))

    return serve


def _admitted(scope: Scope, headers: dict[str, str], body: bytes) -> str | None:
    """Return who sent a request: `program` or `browser`; None if it is not signed."""
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
        signature = sigv4.parse_header_signature(headers)
        return "program" if _is_signed(signature, scope, headers, query, body) else None
    if "X-Amz-Signature" in query:
        signature = sigv4.parse_query_signature(query)
        return "browser" if _is_presigned(signature, scope, headers, query) else None
    return "browser" if _is_preflight(scope, headers) or _is_signed_form(scope, headers, body) else None


def _is_signed(
    signature: sigv4.HeaderSignature | tuple[str, str],
    scope: Scope,
    headers: dict[str, str],
    query: dict[str, list[str]],
    body: bytes,
    token: str | None = None,
) -> bool:
    if isinstance(signature, tuple):
        return False
    presigned = token is not None
    secret = _secret(signature.access_key_id, headers.get("x-amz-security-token", "") if token is None else token)
    if secret is None or (not presigned and sigv4.request_time_failure(signature)):
        return False
    path = scope["raw_path"].decode("latin-1")
    return not sigv4.header_signature_failure(
        signature, secret, scope["method"], path, query, headers, body, presigned=presigned
    )


def _is_presigned(
    signature: sigv4.HeaderSignature | tuple[str, str],
    scope: Scope,
    headers: dict[str, str],
    query: dict[str, list[str]],
) -> bool:
    """Whether a link to S3 is signed and has not expired."""
    if isinstance(signature, tuple) or signature.service != "s3":
        return False
    expires = query.get("X-Amz-Expires", [""])[0]
    with suppress(ValueError):
        if not sigv4.presigned_request_is_expired(signature.amz_date, expires):
            token = query.get("X-Amz-Security-Token", [""])[0]
            return _is_signed(signature, scope, headers, query, b"", token)
    return False


def _secret(key: str, token: str) -> str | None:
    """Return the secret of an access key that this run has issued: its own, a role's, or a user's."""
    if iam_evaluator.is_root_access_key(key) and key != os.environ["AWS_ACCESS_KEY_ID"]:
        return None
    found = iam_evaluator.resolve_credential(key, _account_from_sts_session(key) or get_account_id(), token)
    return None if isinstance(found, iam_evaluator.CredentialResolutionError) else found.secret_access_key


def _is_preflight(scope: Scope, headers: dict[str, str]) -> bool:
    """Whether it is a CORS preflight, which S3 answers without authentication."""
    return (
        scope["method"] == "OPTIONS"
        and _goes_to_s3(scope, headers)
        and app._s3_cors_target(headers["host"], scope["path"]) is not None  # noqa: SLF001  MiniStack has no other way
    )


def _is_signed_form(scope: Scope, headers: dict[str, str], body: bytes) -> bool:
    """Whether it is an upload by form that has a signature, which S3 then verifies."""
    kind = headers.get("content-type", "")
    if scope["method"] != "POST" or not kind.startswith("multipart/form-data") or not _goes_to_s3(scope, headers):
        return False
    fields = {name.lower() for name, *_ in s3._parse_multipart_form(kind, body) or []}  # noqa: SLF001  as above
    return "x-amz-signature" in fields


def _goes_to_s3(scope: Scope, headers: dict[str, str]) -> bool:
    """Whether it is for a bucket by its path, and nothing in it has MiniStack choose another service."""
    return (
        not scope["query_string"]
        and not headers.keys() & {"authorization", "x-amz-target"}
        and not scope["path"].startswith("/_")
        and app.detect_service(scope["method"], scope["path"], headers, {}) == "s3"
    )


def _headers(scope: Scope) -> dict[str, str]:
    """Values by name; those of a repeated one joined as they are signed (SigV4: by a comma)."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), sigv4.decode_header_value(raw_value)
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _without_secret(scope: Scope) -> Scope:
    return {**scope, "headers": [line for line in scope["headers"] if line[0].lower() != RUN_NAME]}


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what was read already, and then the rest."""
    read: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return read.pop() if read else await receive()

    return receive_again


def _without_cors(send: Send) -> Send:
    """Send the response without the headers that would allow web pages to read it."""

    async def send_without(message: Message) -> None:
        if "headers" in message:
            kept = [line for line in message["headers"] if not line[0].lower().startswith(CORS)]
            message = {**message, "headers": kept}
        await send(message)

    return send_without


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    body, kind = (AS_XML, b"text/xml") if _speaks_xml(_headers(scope)) else (AS_JSON, b"application/json")
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})


def _speaks_xml(headers: dict[str, str]) -> bool:
    """Whether an SDK would read the answer as XML: of S3, and of the services that take forms."""
    return "/s3/" in headers.get("authorization", "") or "urlencoded" in headers.get("content-type", "")
