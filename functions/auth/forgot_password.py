"""POST /v1/auth/forgot-password: request a password reset mail."""

from lamina.http import App, Response
from lamina.identity.accounts import service as accounts
from lamina.identity.tokens.schemas import Address

app = App(public=True)


@app.post("/v1/auth/forgot-password", summary="Request a password reset mail", status_code=202)
def forgot_password(body: Address) -> Response[None]:
    """Sends the mail if the account exists. The response does not reveal whether it does."""
    accounts.request_reset(body.email, app.request_context)
    return app.accepted()


handler = app.handler
