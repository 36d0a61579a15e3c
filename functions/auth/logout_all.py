"""POST /v1/auth/logout-all: sign out everywhere."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden
from lamina.http import App, Response
from lamina.identity.accounts import service as accounts

app = App(sessions_only=True, errors=(Forbidden,))


@app.post("/v1/auth/logout-all", summary="Sign out everywhere", status_code=204)
def logout_all() -> Response[None]:
    """Ends every session of the caller, including the current one."""
    require(app.caller, Action.ACCOUNT_SECURE, owner_id=app.caller.user_id)
    accounts.end_all_sessions(app.caller.user_id, app.request_context)
    return app.no_content()


handler = app.handler
