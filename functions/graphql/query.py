"""GET /graphql: execute a GraphQL query; in a browser, the query page (GraphiQL)."""

import re
from hashlib import sha256
from html import escape
from http import HTTPStatus
from importlib.resources import files
from typing import Annotated

from lamina.errors import NotFound
from lamina.graphql.context import Context
from lamina.graphql.execution import Answer, MutationRefused, TimedOut, not_found, run
from lamina.graphql.limits import LimitExceeded
from lamina.graphql.persisted import PersistedQueryNotFound, find
from lamina.http import JSON, Query, Response
from lamina.http.conditional import entity_tag
from lamina.http.errors import MethodNotAllowed
from lamina.http.graphql_app import RESULT, GraphqlApp, json_parameter
from lamina.http.headers import SHARED_CACHING
from lamina.http.html_page import HTML, headers, inlined, page, source
from lamina.settings import settings

STYLES = ("graphiql.min.css", "page.css")
SCRIPTS = ("react.production.min.js", "react-dom.production.min.js", "graphql-ws.min.js", "graphiql.min.js", "page.js")
BODY = """<header id="bar">
<h1>Lamina GraphQL</h1>
<form id="in">
<input id="email" type="email" autocomplete="username" placeholder="E-mail address" aria-label="E-mail address">
<input id="password" type="password" autocomplete="current-password" placeholder="Password" aria-label="Password">
<input id="code" inputmode="numeric" autocomplete="one-time-code" placeholder="Code" aria-label="Code" hidden>
<button>Sign in</button>
</form>
<form id="out" hidden><span id="who"></span> <button>Sign out</button></form>
<p id="problem" role="alert"></p>
</header>
<main id="page"></main>
<noscript>This page requires JavaScript.</noscript>"""
ERRORS = (LimitExceeded, TimedOut, MethodNotAllowed, NotFound)

app = GraphqlApp(public=True, personal=True, versioned=True, enveloped=False, errors=ERRORS)

Text = Annotated[str | None, Query(min_length=1, description="The document.")]
Object = Annotated[str | None, Query(min_length=1, description="A JSON object, as in POST.")]
Name = Annotated[str | None, Query(alias="operationName")]


@app.get(
    "/graphql",
    summary="Execute a GraphQL query",
    responses={
        200: {
            "description": "The result, or the page.",
            "content": {JSON: {"schema": RESULT}, "text/html": {"schema": {"type": "string"}}},
        }
    },
)
def execute(
    query: Text = None, variables: Object = None, operation_name: Name = None, extensions: Object = None
) -> Response[str]:
    """Executes a query as POST does; mutations are 405.

    What everybody can read may be cached by shared caches for a minute. With a hash in `extensions` in place of the
    document, the URL stays short. Without both, a browser gets a page to write queries in.
    """
    if query is None and extensions is None and "text/html" in app.incoming.headers.get("accept", ""):
        return _page()
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
    is_public = context.reader is None and context.caching.is_shared
    caching = _caching(answer, is_public=is_public) if answer.status == HTTPStatus.OK else {}
    return Response(int(answer.status), JSON, answer.text, caching)


def _caching(answer: Answer, *, is_public: bool) -> dict[str, str | list[str]]:
    """Return the headers of a response: shared caches keep what everybody can read, and none keeps errors."""
    headers: dict[str, str | list[str]] = {"ETag": entity_tag(sha256(answer.text.encode()).hexdigest()[:32])}
    if not answer.is_whole:
        return {**headers, "Cache-Control": "no-store"}
    return {**headers, "Cache-Control": SHARED_CACHING} if is_public else headers


def _page() -> Response[str]:
    """Return the page. Its assets are in a layer of their own, which is empty where npm could not install them."""
    assets = files("graphiql_page")
    try:
        styles, scripts = ([inlined((assets / name).read_text("utf-8")) for name in each] for each in (STYLES, SCRIPTS))
    except FileNotFoundError:
        raise NotFound("This deployment has no page. Send queries by POST.") from None
    realtime, origin = settings().realtime_url, re.match(r"https?://[^/]+", settings().public_url)
    content = page(body=BODY, styles=styles, scripts=scripts, attributes=f' data-realtime="{escape(realtime)}"')
    connect = [each for each in (origin and origin[0], realtime) if each]
    sent = headers(
        content,
        scripts=[*map(source, scripts)],
        styles=[*map(source, styles)],
        connect=connect,
        further="font-src data:",
    )
    return Response(HTTPStatus.OK.value, HTML, content, {**sent, "Vary": "Origin, Accept"})


handler = app.handler
