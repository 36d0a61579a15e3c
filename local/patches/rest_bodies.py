"""A REST API's OpenAPI body keeps its ANY methods and its gateway responses.

MiniStack imports get, put, … of a path and drops `x-amazon-apigateway-any-method`, so that `ANY /{proxy+}` serves
nothing; and it drops `x-amazon-apigateway-gateway-responses`, so that what API Gateway itself refuses is not in our
envelope. API Gateway honours both
(https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html).
"""

from typing import Any

from ministack.services import apigateway_v1

ANY_METHOD = "x-amazon-apigateway-any-method"
GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"


def apply() -> None:
    """Extend the import to read both extensions."""
    apigateway_v1._OPENAPI_HTTP_METHODS = apigateway_v1._OPENAPI_HTTP_METHODS | {"any"}
    _keep_any_methods()
    _keep_gateway_responses()


def _keep_any_methods() -> None:
    import_path = apigateway_v1._import_path_item

    def with_any(api_id: str, path: str, item: dict[str, Any], *more: Any) -> None:
        import_path(api_id, path, {"any" if verb == ANY_METHOD else verb: what for verb, what in item.items()}, *more)

    apigateway_v1._import_path_item = with_any


def _keep_gateway_responses() -> None:
    import_api = apigateway_v1._import_rest_api

    def with_responses(body: dict[str, Any], data: dict[str, Any] | None = None) -> str:
        api_id: str = import_api(body, data)
        for kind, response in (body.get(GATEWAY_RESPONSES) or {}).items():
            apigateway_v1._put_gateway_response(api_id, kind, response)
        return api_id

    apigateway_v1._import_rest_api = with_responses
