"""POST /v1/auth/forgot-password: ask for the mail that resets a password."""

from lamina.http import App, Response
from lamina.identity.accounts import service as accounts
from lamina.identity.tokens.schemas import Address

app = App(public=True)


@app.post("/v1/auth/forgot-password", summary="Ask for a mail to reset your password", status_code=202)
def forgot_password(body: Address) -> Response[None]:
    """Send the mail if there is such an account. The answer never tells."""
    accounts.request_reset(body.email, app.request_context)
    return app.accepted()


handler = app.handler
