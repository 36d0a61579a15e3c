"""`make admin EMAIL=…`: creates an administrator in a deployed stack, or promotes an existing user.

It requires AWS credentials that may write the stack's table; no endpoint of the API can do this. An existing user must
have verified the address first, because a stranger may have registered it. A new administrator has no password and
sets one with POST /v1/auth/forgot-password, so that no password passes through a shell. If no mail can be sent yet,
`ARGS=--password` reads one from the terminal.
"""

import getpass

from operations.command import explained, parse, parser
from operations.connection import connect, give_up


def main() -> None:
    """Read the command line, and create the administrator."""
    options = parser("admin", __doc__)
    options.add_argument("email", nargs="?", default="")
    options.add_argument("--username", help="username of a new user; default: the part of the address before the @")
    options.add_argument("--password", action="store_true", help="ask for a password in the terminal, and set it")
    given = parse(options)
    if not given.email:
        give_up("EMAIL is missing: make admin EMAIL=you@example.com")
    with explained(given.stack, given.region):
        connect(given.stack)
        password = getpass.getpass("Password of a new user: ") if given.password else None
        print(settle(given.email, given.username or given.email.partition("@")[0], password))


def settle(email: str, username: str, password: str | None) -> str:
    """Ensure that this address belongs to an active administrator; return what was done."""
    # Only now: these modules read their settings when they are imported, and `connect` has just found them.
    from pydantic import ValidationError

    from lamina.access.policy import Role
    from lamina.errors import LaminaError
    from lamina.events.request_context import RequestContext
    from lamina.identity.accounts import registration
    from lamina.identity.accounts.schemas import NewUserInput
    from lamina.ids import new_id
    from lamina.users import service as users
    from lamina.users.model import Status
    from lamina.users.service import NewUser
    from lamina.validation_errors import invalid

    context = RequestContext(None, new_id())
    try:
        known = users.find_by_email(email)
        if known is not None:
            changes = {"role": Role.ADMIN, "status": Status.ACTIVE}
            users.update(known, changes, context, if_version=lambda _: True)
            return f"{email} is an administrator now; its sessions were ended"
        given = NewUserInput.model_validate(
            {"email": email, "username": username, "name": username, "role": Role.ADMIN, "password": password}
        )
        new = NewUser(**given.model_dump(exclude={"password"}))
        registration.register(new, given.password, context)
    except ValidationError as error:
        give_up("; ".join(f"{problem.field} {problem.message}" for problem in invalid(error.errors()).details))
    except LaminaError as error:
        give_up(error.message)
    return f"{email} is an administrator; set a password with POST /v1/auth/forgot-password"


if __name__ == "__main__":
    main()
