"""POST /v1/auth/mfa/verify: complete a sign-in with a code."""

from lamina.errors import Unauthenticated
from lamina.http import App, Envelope, Response
from lamina.http.cookies import device_token, with_device
from lamina.identity.sessions import sign_in
from lamina.identity.sessions.schemas import TokenLinks, TokenView, token_view
from lamina.identity.sessions.service import SignInContext
from lamina.identity.tokens.schemas import SecondFactor

app = App(public=True, headers=("Set-Cookie",), errors=(Unauthenticated,))


@app.post("/v1/auth/mfa/verify", summary="Complete a sign-in with a second factor")
def verify_second_factor(body: SecondFactor) -> Response[Envelope[TokenView, TokenLinks]]:
    """Starts a session, given the `mfa_token` of the first step and a code of the authenticator app or for recovery."""
    request = app.incoming
    sign_in_context = SignInContext(request.source_ip, request.headers.get("user-agent", ""), device_token(request))
    signed_in = sign_in.prove_second_factor(
        body.mfa_token.get_secret_value(), body.code, sign_in_context, app.request_context
    )
    links: TokenLinks = {"self": "/v1/auth/mfa/verify", "me": "/v1/users/me", "logout": "/v1/auth/logout"}
    return with_device(app.respond(token_view(signed_in), links=links), signed_in.device_token)


handler = app.handler
