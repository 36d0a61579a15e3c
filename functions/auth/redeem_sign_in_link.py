"""POST /v1/auth/sign-in-link/redeem: sign in with the mailed token."""

from lamina.errors import Unauthenticated
from lamina.http import App, Envelope, Response
from lamina.http.cookies import device_token, with_device
from lamina.identity.errors import BadLink, SecondFactorNeeded
from lamina.identity.sessions import sign_in
from lamina.identity.sessions.schemas import TokenLinks, TokenView, token_view
from lamina.identity.sessions.service import SignInContext
from lamina.identity.tokens.schemas import Link

app = App(public=True, headers=("Set-Cookie",), errors=(Unauthenticated, SecondFactorNeeded, BadLink))


@app.post("/v1/auth/sign-in-link/redeem", summary="Sign in with a mailed link")
def redeem_sign_in_link(body: Link) -> Response[Envelope[TokenView, TokenLinks]]:
    """Starts a session in exchange for a single-use token. An active second factor is still required."""
    request = app.incoming
    sign_in_context = SignInContext(request.source_ip, request.headers.get("user-agent", ""), device_token(request))
    signed_in = sign_in.redeem_link(body.token.get_secret_value(), sign_in_context, app.request_context)
    links: TokenLinks = {"self": "/v1/auth/sign-in-link/redeem", "me": "/v1/users/me", "logout": "/v1/auth/logout"}
    return with_device(app.respond(token_view(signed_in), links=links), signed_in.device_token)


handler = app.handler
