"""POST /graphql: execute a GraphQL query or mutation."""

from lamina.graphql.context import Context
from lamina.graphql.execution import TimedOut, not_found, run
from lamina.graphql.limits import LimitExceeded
from lamina.graphql.persisted import PersistedQueryNotFound, find, register
from lamina.http import JSON, Response
from lamina.http.graphql_app import RESULT, GraphqlApp, GraphqlRequest

app = GraphqlApp(public=True, personal=True, enveloped=False, errors=(LimitExceeded, TimedOut))


@app.post(
    "/graphql",
    summary="Execute a GraphQL query or mutation",
    responses={200: {"description": "The result.", "content": {JSON: {"schema": RESULT}}}},
)
def execute(body: GraphqlRequest) -> Response[str]:
    """Executes the operation of a document. Fields that fail or may not be read are null, with an error in `errors`.

    The schema is in docs/graphql.md, with the limits of depth, cost and aliases. Signed-in callers can introspect it.
    A document can be named by its hash in `extensions.persistedQuery`, once a signed-in caller has sent both.
    """
    context = Context(app.reader, app.request_context)
    try:
        document = find(body.query, body.extensions)
        answer = run(
            document.text,
            body.variables or {},
            body.operation_name,
            context,
            app.incoming.request_id,
            checked=lambda: register(document, context.reader),
        )
    except PersistedQueryNotFound as unknown:
        answer = not_found(unknown, app.incoming.request_id)
    return Response(int(answer.status), JSON, answer.text)


handler = app.handler
