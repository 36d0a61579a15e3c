"""POST /v1/auth/mfa/disable: disable the second factor."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden, ReauthenticationRequired
from lamina.http import App, Response
from lamina.identity.credentials import second_factor
from lamina.identity.errors import MfaNotEnrolled, WrongCode
from lamina.identity.tokens.schemas import Code
from lamina.limits.quota import RateLimited

app = App(sessions_only=True, errors=(Forbidden, ReauthenticationRequired, MfaNotEnrolled, WrongCode, RateLimited))


@app.post("/v1/auth/mfa/disable", summary="Disable the second factor", status_code=204)
def disable_second_factor(body: Code) -> Response[None]:
    """Disables the second factor, given a valid code. Only the password is required to sign in afterwards."""
    require(app.caller, Action.SECOND_FACTOR_MANAGE, owner_id=app.caller.user_id)
    second_factor.disable(app.caller, body.code, app.incoming.source_ip, app.request_context)
    return app.no_content()


handler = app.handler
