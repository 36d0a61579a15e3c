"""POST /v1/auth/login: sign in with an e-mail address and a password."""

from lamina.errors import Unauthenticated
from lamina.http import App, Envelope, Response
from lamina.http.cookies import device_token, with_device
from lamina.identity.accounts.schemas import Login
from lamina.identity.errors import SecondFactorNeeded
from lamina.identity.sessions import sign_in
from lamina.identity.sessions.schemas import TokenLinks, TokenView, token_view
from lamina.identity.sessions.service import SignInContext

app = App(public=True, headers=("Set-Cookie",), errors=(Unauthenticated, SecondFactorNeeded))


@app.post("/v1/auth/login", summary="Sign in")
def login(body: Login) -> Response[Envelope[TokenView, TokenLinks]]:
    """Starts a session. The response is the same for an unknown address and for a wrong password."""
    request = app.incoming
    sign_in_context = SignInContext(request.source_ip, request.headers.get("user-agent", ""), device_token(request))
    signed_in = sign_in.sign_in(body.email, body.password, sign_in_context, app.request_context)
    links: TokenLinks = {"self": "/v1/auth/login", "me": "/v1/users/me", "logout": "/v1/auth/logout"}
    return with_device(app.respond(token_view(signed_in), links=links), signed_in.device_token)


handler = app.handler
