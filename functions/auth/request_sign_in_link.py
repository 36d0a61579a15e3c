"""POST /v1/auth/sign-in-link: request a mail with a sign-in link."""

from lamina.http import App, Response
from lamina.identity.accounts import service as accounts
from lamina.identity.tokens.schemas import Address

app = App(public=True)


@app.post("/v1/auth/sign-in-link", summary="Request a sign-in link", status_code=202)
def request_sign_in_link(body: Address) -> Response[None]:
    """Sends the mail if the account exists, even if it is locked. The response does not reveal whether it exists."""
    accounts.request_sign_in_link(body.email, app.request_context)
    return app.accepted()


handler = app.handler
