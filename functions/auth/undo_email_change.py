"""POST /v1/auth/undo-email-change: put back a former e-mail address by the mailed token."""

from lamina.http import App, Response
from lamina.identity.accounts import email_changes
from lamina.identity.errors import BadLink
from lamina.identity.tokens.schemas import Link

app = App(public=True, errors=(BadLink,))


@app.post("/v1/auth/undo-email-change", summary="Undo a change of your e-mail address", status_code=204)
def undo_email_change(body: Link) -> Response[None]:
    """Put the address back, and end every session, API key, OAuth client, webhook and known device.

    The password is void, too; a mail follows by which a new one can be set. A second factor stays if it was active for
    72 hours before the change.
    """
    email_changes.undo(body.token.get_secret_value(), app.request_context)
    return app.no_content()


handler = app.handler
