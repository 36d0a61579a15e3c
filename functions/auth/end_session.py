"""DELETE /v1/auth/sessions/{session_id}: end a session."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden, NotFound
from lamina.http import App, Id, Response
from lamina.identity.sessions import service as sessions

app = App(sessions_only=True, errors=(Forbidden, NotFound))


@app.delete("/v1/auth/sessions/<session_id>", summary="End a session", status_code=204)
def end_session(session_id: Id) -> Response[None]:
    """Ends one of the caller's sessions and revoke its refresh tokens."""
    require(app.caller, Action.ACCOUNT_SECURE, owner_id=app.caller.user_id)
    sessions.end_own(app.caller.user_id, session_id, app.request_context)
    return app.no_content()


handler = app.handler
