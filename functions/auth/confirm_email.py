"""POST /v1/auth/confirm-email: complete a change of e-mail address with the mailed token."""

from lamina.http import App, Response
from lamina.identity.accounts import email_changes
from lamina.identity.errors import BadLink
from lamina.identity.tokens.schemas import Link
from lamina.users.errors import EmailTaken

app = App(public=True, errors=(BadLink, EmailTaken))


@app.post("/v1/auth/confirm-email", summary="Confirm your new e-mail address", status_code=204)
def confirm_email(body: Link) -> Response[None]:
    """Sets the address that the token was sent to. The previous address receives a mail with a link to undo this."""
    email_changes.confirm(body.token.get_secret_value(), app.request_context)
    return app.no_content()


handler = app.handler
