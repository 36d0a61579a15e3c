"""Users and access: the seeded users, signing in as one of them, what a caller may do, sessions and sockets."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any

from local.console import table
from local.console.context import ActionError, Context, NotThereError, Query
from local.console.patterns import PATTERNS
from local.seed.people import DEMO, OTHERS

PASSWORD = "Lamina-demo-1"  # noqa: S105  the public default of `make seed`
SECONDS = 20
MATRIX = """
import json
from lamina.access.policy import PERMISSIONS, RULES
print(json.dumps({"roles": {role: sorted(held) for role, held in PERMISSIONS.items()}, "rules": [
    {"action": action, "needs": rule.needs, "owner": rule.owner, "in_person": rule.in_person, "recent": rule.recent,
     "proven": rule.proven} for action, rule in RULES.items()]}))
"""

type Json = dict[str, Any]


def read(context: Context, identifier: str, _query: Query) -> object:
    """Return the users and the policy, or one user with sessions and sockets."""
    if identifier:
        return _one(context, identifier)
    demo = [item for person in DEMO for item in _with_address(context, person.email)]
    newest = table.items(context, PATTERNS["users"], "")["items"]
    users = {user["id"]: user for user in map(_user, [*demo, *newest])}
    seeded = {person.email for person in (*DEMO, *OTHERS)}
    found = [{**user, "seeded": user.get("email") in seeded} for user in users.values()]
    return {"users": found, "policy": _policy(context)}


def sign_in(context: Context, asked: Any) -> object:  # noqa: ANN401  JSON
    """Sign in as a seeded user, by the API; return its tokens."""
    password = asked.get("password") or os.environ.get("SEED_PASSWORD") or PASSWORD
    body = json.dumps({"email": str(asked["email"]), "password": password}).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "Lamina console"}
    request = urllib.request.Request(f"{context.settings.url}/v1/auth/login", body, headers)  # noqa: S310  our own front
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  as above
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        told = json.load(error).get("error", {})
        raise ActionError(f"{told.get('code')}: {told.get('message')}") from error


def _with_address(context: Context, email: str) -> list[Json]:
    """Return the item of the user with an e-mail address, if there is one."""
    guards = table.items(context, PATTERNS["user-by-email"], email)["items"]
    return [item for guard in guards for item in _items(context, _attributes(guard)["user_id"]) if _is_user(item)]


def _items(context: Context, user_id: str) -> list[Json]:
    found: list[Json] = table.items(context, PATTERNS["user"], user_id)["items"]
    return found


def _is_user(item: Json) -> bool:
    return bool(item["keys"]["sk"] == "USER")


def _one(context: Context, identifier: str) -> Json:
    found = _items(context, identifier)
    users = [_user(item) for item in found if _is_user(item)]
    if not users:
        raise NotThereError("This user is not there.")
    sessions = [
        _attributes(item) | {"id": item["keys"]["sk"].partition("#")[2]} for item in found if item["kind"] == "session"
    ]
    sockets = [_attributes(item) for item in found if item["kind"] == "user_sockets"]
    return {"user": users[0], "sessions": sessions, "sockets": sockets}


def _user(item: Json) -> Json:
    names = {"email", "username", "name", "role", "status", "email_verified", "created_at"}
    facts = {name: value for name, value in _attributes(item).items() if name in names}
    return {"id": item["keys"]["pk"].partition("#")[2], **facts}


def _attributes(item: Json) -> Json:
    return {each["name"]: each["value"] for each in item["attributes"]}


def _policy(context: Context) -> Json:
    """Return the policy as the sources have it now: another process reads it, so that a change is seen at once."""
    layer = context.settings.root / "layers" / "core"
    environment = {**os.environ, "PYTHONPATH": str(layer)}
    run = subprocess.run(
        [sys.executable, "-c", MATRIX], env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if run.returncode:
        return {"roles": {}, "rules": [], "error": run.stderr.strip().rpartition("\n")[2]}
    policy: Json = json.loads(run.stdout)
    return policy
