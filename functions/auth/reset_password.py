"""POST /v1/auth/reset-password: set a new password by the mailed token."""

from lamina.http.resolver import Resolver
from lamina.http.response import Response
from lamina.identity import new_passwords
from lamina.identity.errors import BadLink
from lamina.identity.inputs import PasswordReset

app = Resolver(public=True, raises=(BadLink,))


@app.post("/v1/auth/reset-password", summary="Reset your password", status_code=204)
def reset_password(body: PasswordReset) -> Response[None]:
    """Set the password and end every session. The token is then spent."""
    new_passwords.reset_password(body.token.get_secret_value(), body.password, app.cause)
    return app.no_content()


handler = app.handler
