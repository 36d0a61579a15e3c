"""DELETE /v1/users/{user_id}/mfa: remove the second factor of a user who lost it."""

from lamina.access.policy import Action, require
from lamina.errors import Conflict, Forbidden, NotFound, ReauthenticationRequired
from lamina.http import App, Id, Response
from lamina.identity.credentials import mfa_removal
from lamina.identity.errors import OwnMfa

app = App(sessions_only=True, errors=(Forbidden, ReauthenticationRequired, NotFound, Conflict, OwnMfa))


@app.delete("/v1/users/<user_id>/mfa", summary="Remove a user's second factor", status_code=204)
def delete_mfa(user_id: Id) -> Response[None]:
    """Removes the second factor and recovery codes of a user who lost them. The user is notified by mail.

    Only the password is required to sign in afterwards. Verify the identity of the person who asks for this: the second
    factor is what stops somebody who has stolen the password.
    """
    require(app.caller, Action.USER_REMOVE_MFA)
    mfa_removal.remove(user_id, app.caller, app.request_context)
    return app.no_content()


handler = app.handler
