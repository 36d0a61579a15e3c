"""The Lambda authorizer of the whole API: who is asking?

It always lets the request through to its endpoint and says what it found: the caller, or what is wrong with the
credential. The endpoint refuses in the contract's envelope, which API Gateway could not write.
"""

from collections.abc import Mapping
from typing import Any

from lamina.errors import Unavailable
from lamina.http.errors import as_lamina_error
from lamina.http.request import Request
from lamina.identity.tokens.authentication import authenticate
from lamina.observability.logs import about, log_failure, log_unavailable


def handler(event: Mapping[str, Any], _: object) -> dict[str, Any]:
    """Answer one policy for the whole API, so that no cached one can break another method."""
    request = Request(event)
    with about(request_id=request.request_id, correlation_id=request.correlation_id):
        context = _context(request)
    api, stage = event["methodArn"].split("/")[:2]
    return {
        "principalId": context.get("user_id", "anonymous"),
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{api}/{stage}/*"}],
        },
        "context": context,
    }


def _context(request: Request) -> dict[str, str]:
    """Say who asks. A failure of ours must not turn into anonymity: a bug is raised, and API Gateway answers 500."""
    try:
        return authenticate(request.method, request.headers, request.source_ip)
    except Exception as error:
        if isinstance(as_lamina_error(error), Unavailable):
            log_unavailable(error)
            return {"problem": Unavailable.code}
        log_failure(error)
        raise
