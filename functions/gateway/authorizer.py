"""The Lambda authorizer of the whole API: authenticates the caller.

It always allows the request and passes on its result: the caller, or what is wrong with the credential. The endpoint
then refuses the request in the API's error envelope, which API Gateway cannot produce.
"""

from collections.abc import Mapping
from typing import Any

from lamina.errors import Unavailable
from lamina.http.request import Request
from lamina.identity.tokens.authentication import authenticate
from lamina.known_errors import as_lamina_error
from lamina.observability.logs import about, log_failure, log_unavailable
from lamina.observability.tracing import traced


@traced
def handler(event: Mapping[str, Any], _: object) -> dict[str, Any]:
    """Return one policy for the whole API, so that a cached policy is valid for every method."""
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
    """Return the authorizer context. Unexpected errors are raised (500): a bug must never make a caller anonymous."""
    try:
        return authenticate(request.method, request.headers, request.source_ip)
    except Exception as error:
        if isinstance(as_lamina_error(error), Unavailable):
            log_unavailable(error)
            return {"problem": Unavailable.code}
        log_failure(error)
        raise
