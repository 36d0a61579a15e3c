"""Responses of the contract: permissions, the envelope, the headers."""

SECURITY = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Vary": "Origin, Authorization, X-Api-Key",
}
PUBLIC = ("id", "username", "name", "avatar_url", "created_at")
ADVICE = {
    "MALFORMED_JSON": "The body must be valid JSON in UTF-8.",
    "VALIDATION_ERROR": "The request is not valid; see the details.",
    "UNAUTHENTICATED": "Sign in, and send the access token as a bearer token.",
    "FORBIDDEN": "You may not do this.",
    "NOT_FOUND": "There is nothing here.",
    "EMAIL_TAKEN": "This e-mail address is already in use. Sign in, or use a different address.",
    "USERNAME_TAKEN": "This username is already in use. Choose a different one.",
    "INTERNAL": "Something went wrong. Try again later.",
}
STATUS = {
    "MALFORMED_JSON": 400,
    "VALIDATION_ERROR": 400,
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "EMAIL_TAKEN": 409,
    "USERNAME_TAKEN": 409,
    "INTERNAL": 500,
}


class Refused(Exception):
    """The request is not served; `code` and `details` say why."""

    def __init__(self, code, details=()):
        super().__init__(code)
        self.code = code
        self.details = list(details)


def caller_of(event):
    """Return the caller that the authorizer has authenticated."""
    claims = event["requestContext"].get("authorizer") or {}
    if "user_id" not in claims:
        raise Refused("UNAUTHENTICATED")
    return claims


def manages_users(caller):
    """Return whether the caller is an admin with the required scope."""
    return caller["role"] == "admin" and "manage_users" in caller["scope"].split()


def envelope(user, caller):
    """Show a user as far as the caller may see it."""
    whole = manages_users(caller) or caller["user_id"] == user["id"]
    data = user if whole else {name: user[name] for name in PUBLIC}
    return {"data": data, "links": {"self": f"/v1/users/{user['id']}", "collection": "/v1/users"}}


def failure(code, details, request_id):
    """Compose an error's envelope."""
    error = {"code": code, "message": ADVICE[code], "details": details, "request_id": request_id}
    return {"error": error}


def headers(correlation_id, user=None, *, created=False):
    """Return the headers of a response."""
    given = {**SECURITY, "X-Correlation-Id": correlation_id}
    if user:
        given["ETag"] = f'"{user["id"]}-{user["version"]}"'
        if created:
            given["Location"] = f"/v1/users/{user['id']}"
        else:
            given["Cache-Control"] = "private, no-cache"
    return given
