"""`make shell`: a Python prompt with the services of Lamina and the demo users, on the data of the running local stack.

What is piped in is executed: `echo 'print(viewer.email)' | make shell`. A service that writes takes a context and a
caller, `users.delete(viewer.id, context(admin), …)`; its events are published, consumed and mailed as any other's.
"""

import code
import os
import sys
from importlib import import_module
from typing import Any

from local.seed.connection import connect
from local.seed.people import DEMO
from local.terminal import Stopped, complain

SERVICES = (
    "users.service",
    "posts.service",
    "posts.reading",
    "products.service",
    "products.reading",
    "orders.service",
    "orders.store",
)
BANNER = """Lamina at {url}
  users, posts, products, orders    the services (users.service, users.reading, …)
  admin, editor, viewer             the demo users
  caller(user), context(user)       who calls, and the origin of a change: users.service.get(viewer.id)
Ctrl-D ends."""
DEFAULT_PASSWORD = "Lamina-demo-1"  # noqa: S105 (of demo users on a laptop, as in `make seed`)


def main() -> int:
    """Return the exit code: 0 at the end of the input, 1 if no stack runs or the piped code fails."""
    try:
        url = connect(os.environ.get("PORT") or None)
        names = _names()
    except Stopped as error:
        complain(f"stopped: {error}")
        return 1
    if not sys.stdin.isatty():
        exec(compile(sys.stdin.read(), "<stdin>", "exec"), names)  # noqa: S102 (the developer's own code)
        return 0
    _with_completion(names)
    code.interact(banner=BANNER.format(url=url), local=names, exitmsg="")
    return 0


def _names() -> dict[str, Any]:
    # Only now: the settings that these modules read when they are imported stand in the environment since `connect`.
    from lamina import ids
    from lamina.access.policy import Caller, session_scopes
    from lamina.events.request_context import RequestContext
    from lamina.users import service
    from lamina.users.model import User
    from local.seed.users import Seeder

    def caller(user: User) -> Caller:
        """Return a signed-in user as the services see it."""
        return Caller(user.id, user.role, "", session_scopes(user.role), session_epoch=user.session_epoch)

    def context(user: User) -> RequestContext:
        """Return the origin of a change by a user, with a new correlation id."""
        return RequestContext(user.id, f"shell-{ids.new_id()}")

    seeder = Seeder(os.environ.get("SEED_PASSWORD") or DEFAULT_PASSWORD)
    for person in DEMO:
        seeder.settle(person)
    people = {person.username: service.get(str(service.find_by_email(person.email))) for person in DEMO}
    for name in SERVICES:
        import_module(f"lamina.{name}")
    subjects = {name: import_module(f"lamina.{name}") for name in ("users", "posts", "products", "orders")}
    return {"__name__": "__console__", **subjects, **people, "caller": caller, "context": context}


def _with_completion(names: dict[str, Any]) -> None:
    try:
        import readline
        import rlcompleter
    except ImportError:  # not on each system
        return
    readline.set_completer(rlcompleter.Completer(names).complete)
    readline.parse_and_bind("tab: complete")


if __name__ == "__main__":
    sys.exit(main())
