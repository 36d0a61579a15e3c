"""POST /v1/auth/change-email: request a change of e-mail address."""

from lamina.access.policy import Action, require
from lamina.errors import Conflict, Forbidden
from lamina.http import App, Response
from lamina.identity.accounts import email_change_requests
from lamina.identity.accounts.schemas import EmailChangeInput
from lamina.identity.errors import EmailUnchanged, WrongPassword
from lamina.limits.quota import RateLimited

app = App(sessions_only=True, errors=(Forbidden, WrongPassword, EmailUnchanged, RateLimited, Conflict))


@app.post("/v1/auth/change-email", summary="Request a change of your e-mail address", status_code=202)
def change_email(body: EmailChangeInput) -> Response[None]:
    """Sends a confirmation mail to the new address. The response does not reveal whether the address is taken."""
    require(app.caller, Action.ACCOUNT_SECURE, owner_id=app.caller.user_id)
    email_change_requests.request_change(app.caller, body, app.incoming.source_ip, app.request_context)
    return app.accepted()


handler = app.handler
