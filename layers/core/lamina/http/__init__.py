"""HTTP endpoints: the app, its responses and what their signatures are made of."""

from aws_lambda_powertools.event_handler.api_gateway import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from lamina.http.app import MERGE_PATCH, App
from lamina.http.envelope import Envelope, ListEnvelope
from lamina.http.paths import Id
from lamina.http.responses import JSON

__all__ = ["JSON", "MERGE_PATCH", "App", "Envelope", "Id", "ListEnvelope", "Query", "Response"]
