"""POST /v1/auth/logout: sign out."""

from lamina.http import App, Response
from lamina.identity.sessions import service as sessions

app = App()


@app.post("/v1/auth/logout", summary="Sign out", status_code=204)
def logout() -> Response[None]:
    """Ends the session of the access token and revoke its refresh token."""
    sessions.end(app.caller.user_id, app.caller.session_id, app.request_context)
    return app.no_content()


handler = app.handler
