"""POST /v1/auth/verify-email: verify an e-mail address with the mailed token."""

from lamina.http import App, Response
from lamina.identity.accounts import service as accounts
from lamina.identity.errors import BadLink
from lamina.identity.tokens.schemas import Link

app = App(public=True, errors=(BadLink,))


@app.post("/v1/auth/verify-email", summary="Verify your e-mail address", status_code=204)
def verify_email(body: Link) -> Response[None]:
    """Marks the address as verified. The token can be used only once.

    The first verification of an address ends every session and revokes every API key, OAuth client, webhook and second
    factor created before it, because whoever created them had not proven that they own the address. Sign in again.
    """
    accounts.verify_email(body.token.get_secret_value(), app.request_context)
    return app.no_content()


handler = app.handler
