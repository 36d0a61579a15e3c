"""POST /v1/auth/confirm-email: change an e-mail address by the mailed token."""

from lamina.http import App, Response
from lamina.identity.accounts import email_changes
from lamina.identity.errors import BadLink
from lamina.identity.tokens.schemas import Link
from lamina.users.errors import EmailTaken

app = App(public=True, errors=(BadLink, EmailTaken))


@app.post("/v1/auth/confirm-email", summary="Confirm your new e-mail address", status_code=204)
def confirm_email(body: Link) -> Response[None]:
    """Set the address that the token was mailed to. The former one gets a mail by which this can be undone."""
    email_changes.confirm(body.token.get_secret_value(), app.request_context)
    return app.no_content()


handler = app.handler
