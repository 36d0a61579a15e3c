"""GET /v1/auth/sessions: list the caller's sessions."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden
from lamina.http import App, ListEnvelope, Response
from lamina.http.listing import CursorParameter, LimitParameter, ListRequest
from lamina.identity.credentials.schemas import SessionView
from lamina.identity.sessions import service as sessions
from lamina.users import service as users

app = App(sessions_only=True, errors=(Forbidden,))


@app.get("/v1/auth/sessions", summary="List your sessions")
def list_sessions(limit: LimitParameter = 20, cursor: CursorParameter = None) -> Response[ListEnvelope[SessionView]]:
    """Returns a page of the caller's sessions, newest first."""
    caller = app.caller
    require(caller, Action.ACCOUNT_SECURE, owner_id=caller.user_id)
    request = ListRequest("/v1/auth/sessions", {}, audience=caller.user_id)
    at = request.position(limit, cursor, None)
    page = sessions.list_sessions(users.get(caller.user_id), limit, at.cursor)
    shown = [SessionView.model_validate(session) for session in page.items]
    for session in shown:
        session.current = session.id == caller.session_id
    return app.page(shown, *request.describe(at, page))


handler = app.handler
