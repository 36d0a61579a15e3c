"""POST /v1/auth/resend-verification: ask for the mail that proves an address."""

from lamina.http import App, Response
from lamina.identity.accounts import service as accounts
from lamina.identity.tokens.schemas import Address

app = App(public=True)


@app.post("/v1/auth/resend-verification", summary="Ask for the verification mail again", status_code=202)
def resend_verification(body: Address) -> Response[None]:
    """Send the mail if there is such an account and its address is not yet proven. The answer never tells."""
    accounts.request_verification(body.email, app.request_context)
    return app.accepted()


handler = app.handler
