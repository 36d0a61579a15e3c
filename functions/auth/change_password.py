"""POST /v1/auth/change-password: change the password, given the current one."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden
from lamina.http import App, Response
from lamina.identity.accounts import password_changes
from lamina.identity.accounts.password_changes import PasswordChange
from lamina.identity.accounts.schemas import PasswordChangeInput
from lamina.identity.errors import WrongPassword
from lamina.limits.quota import RateLimited
from lamina.users import service as users

app = App(sessions_only=True, errors=(Forbidden, WrongPassword, RateLimited))


@app.post("/v1/auth/change-password", summary="Change your password", status_code=204)
def change_password(body: PasswordChangeInput) -> Response[None]:
    """Sets the password and end every other session."""
    caller = app.caller
    require(caller, Action.ACCOUNT_SECURE, owner_id=caller.user_id)
    change = PasswordChange(body.current_password, body.new_password)
    user = users.get(caller.user_id)
    password_changes.change_password(user, caller.session_id, change, app.incoming.source_ip, app.request_context)
    return app.no_content()


handler = app.handler
