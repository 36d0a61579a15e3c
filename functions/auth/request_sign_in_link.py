"""POST /v1/auth/sign-in-link: ask for the mail with a link to sign in by."""

from lamina.http import App, Response
from lamina.identity.accounts import service as accounts
from lamina.identity.tokens.schemas import Address

app = App(public=True)


@app.post("/v1/auth/sign-in-link", summary="Request a link to sign in by", status_code=202)
def request_sign_in_link(body: Address) -> Response[None]:
    """Send the mail if there is such an account. The response never tells. It works while the account is locked."""
    accounts.request_sign_in_link(body.email, app.request_context)
    return app.accepted()


handler = app.handler
