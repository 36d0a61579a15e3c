"""HTTP endpoints: the app, its responses, and what the signatures of endpoints are made of.

Names are imported at their first use (PEP 562): the authorizer, which runs before every request, needs modules of this
package and none of the event handler, which takes a third of an endpoint's start-up.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.api_gateway import Response
    from aws_lambda_powertools.event_handler.openapi.params import Path, Query

    from lamina.http.app import MERGE_PATCH, App
    from lamina.http.envelope import Envelope, ListEnvelope
    from lamina.http.paths import Id
    from lamina.http.responses import JSON

__all__ = ["JSON", "MERGE_PATCH", "App", "Envelope", "Id", "ListEnvelope", "Path", "Query", "Response"]

_MODULES = {
    "App": "lamina.http.app",
    "Envelope": "lamina.http.envelope",
    "Id": "lamina.http.paths",
    "JSON": "lamina.http.responses",
    "ListEnvelope": "lamina.http.envelope",
    "MERGE_PATCH": "lamina.http.app",
    "Path": "aws_lambda_powertools.event_handler.openapi.params",
    "Query": "aws_lambda_powertools.event_handler.openapi.params",
    "Response": "aws_lambda_powertools.event_handler.api_gateway",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 (whatever the name stands for)
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
