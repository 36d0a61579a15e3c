"""POST /v1/auth/verify-email: prove an address by the mailed token."""

from lamina.http import App, Response
from lamina.identity.accounts import service as accounts
from lamina.identity.errors import BadLink
from lamina.identity.tokens.schemas import Link

app = App(public=True, errors=(BadLink,))


@app.post("/v1/auth/verify-email", summary="Verify your e-mail address", status_code=204)
def verify_email(body: Link) -> Response[None]:
    """Take the address as the user's. The token is then spent.

    The first proof of an address ends every session and revokes every API key, OAuth client, webhook and second factor
    made before it: whoever made them had not shown that the address is theirs. Sign in again.
    """
    accounts.verify_email(body.token.get_secret_value(), app.request_context)
    return app.no_content()


handler = app.handler
