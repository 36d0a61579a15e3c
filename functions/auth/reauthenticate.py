"""POST /v1/auth/reauthenticate: confirm the caller's identity again."""

from lamina.access.policy import Action, require
from lamina.errors import Conflict, Forbidden
from lamina.http import App, Response
from lamina.identity.accounts.schemas import Reauthentication
from lamina.identity.errors import CodeRequired, WrongCode, WrongPassword
from lamina.identity.sessions import reauthentication
from lamina.limits.quota import RateLimited

app = App(sessions_only=True, errors=(Forbidden, WrongPassword, CodeRequired, WrongCode, RateLimited, Conflict))


@app.post("/v1/auth/reauthenticate", summary="Reauthenticate", status_code=204)
def reauthenticate(body: Reauthentication) -> Response[None]:
    """Confirms the password, and a code if a second factor is active, for actions that require a recent sign-in."""
    require(app.caller, Action.ACCOUNT_SECURE, owner_id=app.caller.user_id)
    reauthentication.reauthenticate(app.caller, body.password, body.code, app.incoming.source_ip, app.request_context)
    return app.no_content()


handler = app.handler
