"""GET /graphql: execute a GraphQL query."""

from hashlib import sha256
from http import HTTPStatus
from typing import Annotated

from lamina.graphql.context import Context
from lamina.graphql.execution import Answer, MutationRefused, TimedOut, not_found, run
from lamina.graphql.limits import LimitExceeded
from lamina.graphql.persisted import PersistedQueryNotFound, find
from lamina.http import JSON, Query, Response
from lamina.http.conditional import entity_tag
from lamina.http.errors import MethodNotAllowed
from lamina.http.graphql_app import RESULT, GraphqlApp, json_parameter
from lamina.http.headers import SHARED_CACHING

app = GraphqlApp(
    public=True, personal=True, versioned=True, enveloped=False, errors=(LimitExceeded, TimedOut, MethodNotAllowed)
)

Text = Annotated[str | None, Query(min_length=1, description="The document.")]
Object = Annotated[str | None, Query(min_length=1, description="A JSON object, as in POST.")]
Name = Annotated[str | None, Query(alias="operationName")]


@app.get(
    "/graphql",
    summary="Execute a GraphQL query",
    responses={200: {"description": "The result.", "content": {JSON: {"schema": RESULT}}}},
)
def execute(
    query: Text = None, variables: Object = None, operation_name: Name = None, extensions: Object = None
) -> Response[str]:
    """Executes a query as POST does; mutations are 405.

    What everybody can read may be cached by shared caches for a minute. With a hash in `extensions` in place of the
    document, the URL stays short.
    """
    context = Context(app.reader, app.request_context)
    try:
        document = find(query, json_parameter("extensions", extensions))
        answer = run(
            document.text,
            json_parameter("variables", variables),
            operation_name,
            context,
            app.incoming.request_id,
            queries_only=True,
        )
    except PersistedQueryNotFound as unknown:
        answer = not_found(unknown, app.incoming.request_id)
    except MutationRefused:
        raise MethodNotAllowed(["POST"]) from None
    headers = _caching(answer, is_public=context.reader is None) if answer.status == HTTPStatus.OK else {}
    return Response(int(answer.status), JSON, answer.text, headers)


def _caching(answer: Answer, *, is_public: bool) -> dict[str, str | list[str]]:
    """Return the headers of a response: shared caches keep what everybody can read, and none keeps errors."""
    headers: dict[str, str | list[str]] = {"ETag": entity_tag(sha256(answer.text.encode()).hexdigest()[:32])}
    if not answer.is_whole:
        return {**headers, "Cache-Control": "no-store"}
    return {**headers, "Cache-Control": SHARED_CACHING} if is_public else headers


handler = app.handler
