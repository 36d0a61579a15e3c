"""Every cell of the policy, asked for over HTTP: each action, role and credential, on one's own and on others'."""

import base64
from collections.abc import Callable
from itertools import product
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from lamina import ids
from lamina.access.policy import Action, Caller, Credential, Permission, Role, may, session_scopes
from lamina.jobs.items import job_item
from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, Inside, register
from tests.roles import declared
from tests.support.samples import waiting_job, webhook_item

pytestmark = pytest.mark.xdist_group("stack")

FORBIDDEN, NOT_FOUND = 403, 404
OWN_ONLY = (
    Action.ACCOUNT_SECURE,
    Action.API_KEY_MANAGE,
    Action.API_KEY_CREATE,
    Action.SECOND_FACTOR_MANAGE,
    Action.ORDER_PLACE,
)
"""What no request can even ask for of somebody else: the paths name no user."""
OTHERS_ONLY = (Action.USER_REMOVE_MFA, Action.USER_SET_EMAIL, Action.POST_SET_AUTHOR)
"""What is done to others: one's own second factor takes a code, one's own address a proof, and one's own post has its
author already."""


EVERY_TIME = {(role, Credential.SESSION) for role in Role} | {(Role.VIEWER, Credential.API_KEY)}
"""What is asked in every run; the rest of the credentials with the long tests."""
CELLS = [
    pytest.param(*cell, marks=() if cell in EVERY_TIME else pytest.mark.long) for cell in product(Role, Credential)
]


class Asker:
    """Somebody of one role, who proves itself in one way, and is made anew for each question that could end it."""

    def __init__(self, anyone: Client, admin: Client, inside: Inside, role: Role, credential: Credential) -> None:
        self._anyone, self._admin, self._inside = anyone, admin, inside
        self.role, self.credential = role, credential

    def fresh(self) -> tuple[Client, str]:
        """A client of a new user of that role, and the user's id."""
        user = register(self._anyone)
        self._inside.verify(user["id"])
        path = f"/v1/users/{user['id']}"
        if self.credential == Credential.OAUTH_CLIENT:
            client = self._oauth_client(user["email"], path)
            return self._token(client), user["id"]
        self._set_role(path, self.role)
        person = self._anyone.signed_in(user["email"], PASSWORD)
        if self.credential == Credential.SESSION:
            return person, user["id"]
        key = person.post("/v1/api-keys", {"name": "all", "scopes": sorted(session_scopes(self.role))}).data["key"]
        return Client(person.port, person.secrets, headers={"X-API-Key": key}), user["id"]

    def stranger(self) -> str:
        """The id of somebody else."""
        identifier: str = register(self._anyone)["id"]
        return identifier

    def _oauth_client(self, email: str, path: str) -> dict[str, Any]:
        """A client of an owner who was an admin when it was registered, and is of the role now."""
        self._set_role(path, Role.ADMIN)
        owner = self._anyone.signed_in(email, PASSWORD)
        wanted = {"name": "all", "scopes": list(Permission), "grant_types": ["client_credentials"]}
        made: dict[str, Any] = owner.post("/v1/oauth-clients", wanted).data
        self._set_role(path, self.role)
        return made

    def _token(self, made: dict[str, Any]) -> Client:
        basic = base64.b64encode(f"{made['client_id']}:{made['client_secret']}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
        answer = self._anyone.post("/oauth2/token", urlencode({"grant_type": "client_credentials"}), headers=headers)
        return Client(self._anyone.port, self._anyone.secrets, answer.json["access_token"])

    def _set_role(self, path: str, role: Role) -> None:
        assert self._admin.patch(path, {"role": role}).status == 200


def new_user() -> dict[str, str]:
    name = f"n{uuid4().hex[:12]}"
    return {"email": f"{name}@example.com", "username": name, "name": "New"}


CLIENT = {"name": "c", "scopes": ["read"], "grant_types": ["client_credentials"]}
QUESTIONS: dict[Action, Callable[[Client, str], int]] = {
    Action.USER_LIST: lambda asker, _: asker.get("/v1/users?limit=1").status,
    Action.USER_LIST_PRIVATE: lambda asker, _: asker.get("/v1/users?limit=1&role=admin").status,
    Action.USER_READ: lambda asker, user: asker.get(f"/v1/users/{user}").status,
    Action.USER_READ_PRIVATE: lambda asker, user: 200 if "email" in asker.get(f"/v1/users/{user}").data else FORBIDDEN,
    Action.USER_CREATE: lambda asker, _: asker.post("/v1/users", new_user()).status,
    Action.USER_SET_PASSWORD: lambda asker, _: asker.post("/v1/users", new_user() | {"password": PASSWORD}).status,
    Action.USER_MANAGE_ADMINS: lambda asker, _: asker.post("/v1/users", new_user() | {"role": "admin"}).status,
    Action.USER_REMOVE_MFA: lambda asker, user: told_of_none(asker.delete(f"/v1/users/{user}/mfa").status),
    Action.USER_UPDATE: lambda asker, user: asker.patch(f"/v1/users/{user}", {"name": "Changed"}).status,
    Action.USER_SET_ROLE: lambda asker, user: asker.patch(f"/v1/users/{user}", {"status": "active"}).status,
    Action.USER_SET_EMAIL: lambda asker, user: (
        asker.patch(f"/v1/users/{user}", {"email": f"e{uuid4().hex[:12]}@example.com"}).status
    ),
    Action.USER_RESTORE: lambda asker, user: asker.post(f"/v1/users/{user}/restore").status,
    Action.USER_DELETE: lambda asker, user: asker.delete(f"/v1/users/{user}").status,
    Action.USER_READ_ACTIVITIES: lambda asker, user: asker.get(f"/v1/users/{user}/activities").status,
    Action.ACCOUNT_SECURE: lambda asker, _: asker.get("/v1/auth/sessions").status,
    Action.SECOND_FACTOR_MANAGE: lambda asker, _: asker.post("/v1/auth/mfa/enroll").status,
    Action.API_KEY_CREATE: lambda asker, _: asker.post("/v1/api-keys", {"name": "k", "scopes": ["read"]}).status,
    Action.CLIENT_CREATE: lambda asker, _: asker.post("/v1/oauth-clients", CLIENT).status,
    Action.API_KEY_MANAGE: lambda asker, _: asker.get("/v1/api-keys").status,
    Action.CLIENT_MANAGE: lambda asker, _: asker.get("/v1/oauth-clients").status,
    Action.REPORT_USERS: lambda asker, _: asker.post("/v1/reports", {"type": "users", "format": "csv"}).status,
    Action.REPORT_ACTIVITIES: lambda asker, user: (
        asker.post("/v1/reports", {"type": "activities", "format": "csv", "user_id": user}).status
    ),
}


def told_of_none(status: int) -> int:
    """Who may remove a second factor is told that there is none."""
    return 204 if status == NOT_FOUND else status


def event(status: int) -> int:
    """What is not the asker's, there is none of."""
    return FORBIDDEN if status == NOT_FOUND else status


def job_questions(inside: Inside) -> dict[Action, Callable[[Client, str], int]]:
    """The questions about a job of somebody: to whom it is not theirs, there is none."""

    def path(owner: str) -> str:
        job = waiting_job(ids.new_id(), owner_id=owner)
        inside.put(job_item(job))
        return f"/v1/jobs/{job.id}"

    return {
        Action.JOB_READ: lambda asker, user: event(asker.get(path(user)).status),
        Action.JOB_CANCEL: lambda asker, user: event(asker.post(f"{path(user)}/cancel").status),
    }


def webhook_questions(inside: Inside) -> dict[Action, Callable[[Client, str], int]]:
    """The questions about a webhook of somebody: to whom it is not theirs, there is none."""

    def path(owner: str) -> str:
        webhook_id = ids.new_id()
        inside.put(webhook_item(webhook_id, owner, secret=""))
        return f"/v1/webhooks/{webhook_id}"

    everybody = {"url": "https://example.com/", "events": ["*"], "scope": "all"}
    return {
        Action.WEBHOOK_READ: lambda asker, user: event(asker.get(path(user)).status),
        Action.WEBHOOK_WRITE: lambda asker, user: event(asker.patch(path(user), {"description": "Changed"}).status),
        Action.WEBHOOK_DELETE: lambda asker, user: event(asker.delete(path(user)).status),
        Action.WEBHOOK_RECEIVE_ALL: lambda asker, _: asker.post("/v1/webhooks", everybody).status,
    }


def all_questions(inside: Inside) -> dict[Action, Callable[[Client, str], int]]:
    """The questions about everything, those of `tests/roles` among them."""
    found = QUESTIONS | job_questions(inside) | webhook_questions(inside)
    for questions in declared("questions"):
        found |= questions(inside)
    return found


@pytest.mark.parametrize(("role", "credential"), CELLS)
def test_every_cell_of_the_policy_is_answered_as_it_says(
    anyone: Client, admin: Client, inside: Inside, role: Role, credential: Credential
) -> None:
    questions = all_questions(inside)
    asker = Asker(anyone, admin, inside, role, credential)
    client, own = asker.fresh()
    caller = Caller(own, role, "", session_scopes(role), credential, email_verified=True)
    stranger = asker.stranger()
    # Deleting oneself comes last, because nobody is left to ask then.
    for action in sorted(Action, key=lambda action: action == Action.USER_DELETE):
        targets = (own,) if action in OWN_ONLY else (stranger,) if action in OTHERS_ONLY else (stranger, own)
        for target in targets:
            status = questions[action](client, target)
            allowed = may(caller, action, owner_id=target)
            whose = "its own" if target == own else "another's"
            assert (status != FORBIDDEN) == allowed, f"{action} on {whose}: {status}"
            assert status in {200, 201, 202, 204, FORBIDDEN}, f"{action} on {whose}: {status}"


def test_every_action_is_checked(inside: Inside) -> None:
    assert set(Action) - all_questions(inside).keys() == set(), "add each to `questions` in tests/roles/<resource>.py"
