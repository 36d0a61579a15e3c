"""POST /v1/auth/mfa/activate: activate the enrolled second factor."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden, ReauthenticationRequired
from lamina.http import App, Envelope, Response
from lamina.identity.credentials import second_factor
from lamina.identity.credentials.schemas import RecoveryCodesLinks, RecoveryCodesView
from lamina.identity.errors import MfaActive, MfaNotEnrolled, WrongCode
from lamina.identity.tokens.schemas import Code

app = App(sessions_only=True, errors=(Forbidden, ReauthenticationRequired, MfaActive, MfaNotEnrolled, WrongCode))


@app.post("/v1/auth/mfa/activate", summary="Activate the second factor")
def activate_second_factor(body: Code) -> Response[Envelope[RecoveryCodesView, RecoveryCodesLinks]]:
    """Requires a code at every sign-in, and return the recovery codes."""
    require(app.caller, Action.SECOND_FACTOR_MANAGE, owner_id=app.caller.user_id)
    codes = second_factor.activate(app.caller, body.code, app.request_context)
    links: RecoveryCodesLinks = {"self": "/v1/auth/mfa/activate", "disable": "/v1/auth/mfa/disable"}
    return app.respond(RecoveryCodesView(recovery_codes=codes), links=links)


handler = app.handler
