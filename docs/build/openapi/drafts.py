"""What Powertools makes of an endpoint's signature: the draft that the OpenAPI document is composed from."""

import inspect
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler import Response as Described
from aws_lambda_powertools.event_handler.openapi.params import Param, Path, Query
from pydantic.fields import FieldInfo

from lamina.http.route import BODY, Route


def draft(route: Route) -> str:
    """Describe one route as a document of its own, in JSON."""
    app = APIGatewayRestResolver(enable_validation=True)
    about = route.about
    app.route(
        route.path,
        route.method,
        summary=about.get("summary"),
        status_code=about.get("status_code", 200),
        responses=about.get("responses"),  # type: ignore[arg-type]  # it is as OpenAPI has it, which Powertools types closer
    )(_described(route))
    return app.get_openapi_json_schema()


def _described(route: Route) -> Any:  # noqa: ANN401 (a function that is never called)
    """Give a function with the route's signature, in Powertools' own terms."""
    hints = get_type_hints(route.function, include_extras=True)
    answer: Any = get_args(hints.pop("return"))[0]

    def stand_in() -> None:
        """Never called."""

    parameters = [
        known.replace(
            annotation=hints[name] if name == BODY else _marked(hints[name], Path if _in_path(route, name) else Query)
        )
        for name, known in inspect.signature(route.function).parameters.items()
    ]
    stand_in.__name__ = route.function.__name__
    stand_in.__signature__ = inspect.Signature(parameters, return_annotation=Described[answer])  # type: ignore[attr-defined]
    return stand_in


def _in_path(route: Route, name: str) -> bool:
    return f"<{name}>" in route.path


def _marked(hint: Any, place: type[Param]) -> Any:  # noqa: ANN401 (any annotation)
    """Say where a parameter is sent, and what for, where Powertools looks for it."""
    plain, *known = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    field = next((found for found in known if isinstance(found, FieldInfo)), FieldInfo())
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else None
    marker = place(description=field.description, alias=field.alias, json_schema_extra=extra)
    return Annotated[plain, marker, *field.metadata, *(found for found in known if found is not field)]
