"""POST /v1/auth/reset-password: set a new password with the mailed token."""

from lamina.http import App, Response
from lamina.identity.accounts import password_changes
from lamina.identity.accounts.schemas import PasswordReset
from lamina.identity.errors import BadLink

app = App(public=True, errors=(BadLink,))


@app.post("/v1/auth/reset-password", summary="Reset your password", status_code=204)
def reset_password(body: PasswordReset) -> Response[None]:
    """Sets the password and ends every session.

    Revokes all API keys, OAuth clients and webhooks, unless `keep_api_keys` is true. If the address had not been
    verified before, they are always revoked, and so is the second factor.
    """
    password_changes.reset_password(
        body.token.get_secret_value(), body.password, app.request_context, keep_api_keys=body.keep_api_keys
    )
    return app.no_content()


handler = app.handler
