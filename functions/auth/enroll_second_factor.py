"""POST /v1/auth/mfa/enroll: enrol a second factor."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden, ReauthenticationRequired
from lamina.http import App, Envelope, Response
from lamina.identity.credentials import second_factor
from lamina.identity.credentials.schemas import EnrolmentLinks, EnrolmentView
from lamina.identity.errors import MfaActive
from lamina.users import service as users

app = App(sessions_only=True, errors=(Forbidden, ReauthenticationRequired, MfaActive))


@app.post("/v1/auth/mfa/enroll", summary="Enrol a second factor")
def enroll_second_factor() -> Response[Envelope[EnrolmentView, EnrolmentLinks]]:
    """Returns a secret for an authenticator app. It takes effect once a code from it has been sent to activate."""
    require(app.caller, Action.SECOND_FACTOR_MANAGE, owner_id=app.caller.user_id)
    enrolment = second_factor.enroll(users.get(app.caller.user_id), app.caller)
    links: EnrolmentLinks = {"self": "/v1/auth/mfa/enroll", "activate": "/v1/auth/mfa/activate"}
    return app.respond(EnrolmentView(secret=enrolment.secret, otpauth_uri=enrolment.uri), links=links)


handler = app.handler
