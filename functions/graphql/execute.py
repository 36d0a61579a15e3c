"""POST /graphql: execute a GraphQL query or mutation."""

from lamina.graphql.context import Context
from lamina.graphql.execution import TimedOut, run
from lamina.graphql.limits import LimitExceeded
from lamina.http import JSON, Response
from lamina.http.graphql_app import GraphqlApp, GraphqlRequest

app = GraphqlApp(public=True, personal=True, enveloped=False, errors=(LimitExceeded, TimedOut))

RESULT = {
    "type": "object",
    "properties": {
        "data": {"type": ["object", "null"]},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/GraphqlError"}},
    },
    "required": ["data"],
}


@app.post(
    "/graphql",
    summary="Execute a GraphQL query or mutation",
    responses={200: {"description": "The result.", "content": {JSON: {"schema": RESULT}}}},
)
def execute(body: GraphqlRequest) -> Response[str]:
    """Executes the operation of a document. Fields that fail or may not be read are null, with an error in `errors`.

    The schema is in docs/graphql.md, with the limits of depth, cost and aliases. Signed-in callers can introspect it.
    """
    context = Context(app.reader, app.request_context)
    answer = run(body.query, body.variables or {}, body.operation_name, context, app.incoming.request_id)
    return Response(int(answer.status), JSON, answer.text)


handler = app.handler
