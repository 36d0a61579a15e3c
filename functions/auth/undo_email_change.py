"""POST /v1/auth/undo-email-change: restore the previous e-mail address with the mailed token."""

from lamina.http import App, Response
from lamina.identity.accounts import email_changes
from lamina.identity.errors import BadLink
from lamina.identity.tokens.schemas import Link

app = App(public=True, errors=(BadLink,))


@app.post("/v1/auth/undo-email-change", summary="Undo a change of your e-mail address", status_code=204)
def undo_email_change(body: Link) -> Response[None]:
    """Restores the previous address. Every session, API key, OAuth client, webhook and trusted device is revoked.

    The password is invalidated as well, and a mail with a link to set a new one is sent. The second factor is kept only
    if it had been active for 72 hours before the change.
    """
    email_changes.undo(body.token.get_secret_value(), app.request_context)
    return app.no_content()


handler = app.handler
