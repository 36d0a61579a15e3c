"""POST /v1/auth/resend-verification: request another verification mail."""

from lamina.http import App, Response
from lamina.identity.accounts import service as accounts
from lamina.identity.tokens.schemas import Address

app = App(public=True)


@app.post("/v1/auth/resend-verification", summary="Resend the verification mail", status_code=202)
def resend_verification(body: Address) -> Response[None]:
    """Sends the mail if the account exists and its address is not yet verified. The response does not reveal either."""
    accounts.request_verification(body.email, app.request_context)
    return app.accepted()


handler = app.handler
