"""What was verified a moment ago is written over what was verified: a reset that commits in between is not undone."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from lamina.access.policy import Role
from lamina.identity.accounts.passwords import hash_password
from lamina.identity.credentials import second_factor
from lamina.identity.items import MfaItem, mfa_key
from lamina.storage import transactions
from lamina.users import service as users
from lamina.users.model import User
from tests.support import calls
from tests.support.aws import PASSWORD, Answer, Api, make_user
from tests.support.people import CONTEXT, Mailbox, Person, again, login, person, verified

NEW, THIEFS = "The-owners-horse-2", "The-thiefs-horse-3"
CHANGE = {"current_password": PASSWORD, "new_password": THIEFS}
HOOK = {"url": "https://example.com/hook", "events": ["*"]}

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def overtake(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let something happen just before the next transaction, when all that it needs has been read."""
    write = transactions.write

    def before_the_next_write(act: Callable[[], object]) -> None:
        def late(**items: Any) -> None:
            monkeypatch.setattr(transactions, "write", write)
            with calls.by_nobody():
                act()
            write(**items)

        monkeypatch.setattr(transactions, "write", late)

    return before_the_next_write


type Overtake = Callable[[Callable[[], object]], None]


@pytest.fixture
def ann() -> Person:
    who = person("ann")
    verified(who.user)
    return who


def reset(mailbox: Mailbox, email: str) -> Callable[[], object]:
    """Ask for a reset, and return what carries it out."""
    Api().post("/v1/auth/forgot-password", {"email": email})
    token = mailbox.token(email, "reset")
    return lambda: done(Api().post("/v1/auth/reset-password", {"token": token, "password": NEW}))


def done(answer: Answer) -> None:
    assert answer.status == 204, answer.body


def refused(answer: Answer) -> bool:
    return (answer.status, answer.error["code"]) == (401, "UNAUTHENTICATED")


def test_a_change_of_the_password_does_not_undo_a_reset(
    ann: Person, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, hashed = reset(mailbox, ann.user.email), hash_password

    def late(password: Any) -> str:
        monkeypatch.setattr("lamina.identity.accounts.password_changes.hash_password", hashed)
        commit()
        return hashed(password)

    monkeypatch.setattr("lamina.identity.accounts.password_changes.hash_password", late)
    assert refused(ann.api.post("/v1/auth/change-password", CHANGE))
    assert [login(ann.user.email, password).status for password in (PASSWORD, THIEFS, NEW)] == [401, 401, 200]
    assert not ann.is_signed_in()


def test_a_change_of_the_password_does_not_undo_a_reset_that_commits_just_before(
    ann: Person, mailbox: Mailbox, overtake: Overtake
) -> None:
    overtake(reset(mailbox, ann.user.email))
    assert refused(ann.api.post("/v1/auth/change-password", CHANGE))
    assert [login(ann.user.email, password).status for password in (PASSWORD, THIEFS, NEW)] == [401, 401, 200]
    assert not ann.is_signed_in()


def test_of_two_sessions_that_change_the_password_the_later_is_over(ann: Person, overtake: Overtake) -> None:
    other = again(ann.user)
    mine = {"current_password": PASSWORD, "new_password": NEW}
    overtake(lambda: done(other.api.post("/v1/auth/change-password", mine)))
    assert refused(ann.api.post("/v1/auth/change-password", CHANGE))
    assert login(ann.user.email, NEW).status == 200
    assert (ann.is_signed_in(), other.is_signed_in()) == (False, True)


def test_a_session_that_is_ended_meanwhile_changes_no_password(ann: Person, overtake: Overtake) -> None:
    other = again(ann.user)
    sid = next(each["id"] for each in other.api.get("/v1/auth/sessions").data if not is_of(other, each["id"]))
    overtake(lambda: done(other.api.delete(f"/v1/auth/sessions/{sid}")))
    assert refused(ann.api.post("/v1/auth/change-password", CHANGE))
    assert login(ann.user.email).status == 200


def is_of(who: Person, session_id: str) -> bool:
    return bool(jwt.decode(who.api.token, options={"verify_signature": False})["sid"] == session_id)


def enroll(who: Person) -> Answer:
    return who.api.post("/v1/auth/mfa/enroll")


def activate(who: Person) -> Answer:
    return who.api.post("/v1/auth/mfa/activate", {"code": who.code()})


def disable(who: Person) -> Answer:
    return who.api.post("/v1/auth/mfa/disable", {"code": who.codes[0]})


def create_key(who: Person) -> Answer:
    return who.api.post("/v1/api-keys", {"name": "k", "scopes": ["read"]})


def create_client(who: Person) -> Answer:
    return who.api.post("/v1/oauth-clients", {"name": "c", "scopes": ["read"], "grant_types": ["client_credentials"]})


def create_webhook(who: Person) -> Answer:
    return who.api.post("/v1/webhooks", HOOK)


def begun(who: Person) -> None:
    who.secret = enroll(who).data["secret"]


def delete_first(path: str) -> Callable[[Person], Answer]:
    return lambda who: who.api.delete(f"{path}/{who.api.get(path).data[0]['id']}")


def move_webhook(who: Person) -> Answer:
    return who.api.patch(at_webhook(who), {"url": "https://example.net/thief"})


def rotate(who: Person) -> Answer:
    return who.api.post(f"{at_webhook(who)}/rotate-secret")


def at_webhook(who: Person) -> str:
    return f"/v1/webhooks/{who.api.get('/v1/webhooks').data[0]['id']}"


CHANGES: dict[str, tuple[Callable[[Person], Answer], Callable[[Person], Answer]]] = {
    "a key's deletion": (create_key, delete_first("/v1/api-keys")),
    "a client's deletion": (create_client, delete_first("/v1/oauth-clients")),
    "a webhook's deletion": (create_webhook, delete_first("/v1/webhooks")),
    "a webhook's change": (create_webhook, move_webhook),
    "a webhook's new secret": (create_webhook, rotate),
}
PATHS = ("/v1/api-keys", "/v1/oauth-clients", "/v1/webhooks")


@pytest.mark.parametrize("what", CHANGES)
def test_an_ended_session_changes_no_credential_and_no_webhook(overtake: Overtake, what: str) -> None:
    make, change = CHANGES[what]
    who = person("ann", Role.ADMIN)
    assert make(who).status == 201
    before = [who.api.get(path).json for path in PATHS]
    path = next(path for path, found in zip(PATHS, before, strict=True) if found["data"])
    overtake(lambda: done(again(who.user).api.post("/v1/auth/logout-all")))
    assert refused(change(who))
    assert again(who.user).api.get(path).json == before[PATHS.index(path)]


@pytest.mark.parametrize("what", CHANGES)
def test_a_demoted_administrator_changes_nothing_of_others(overtake: Overtake, what: str) -> None:
    make, change = CHANGES[what]
    root = person("root", Role.ADMIN)
    assert make(root).status == 201
    overtake(lambda: users.update(root.id, {"role": Role.VIEWER}, CONTEXT, if_version=lambda _: True))
    assert refused(change(root))


@pytest.mark.parametrize("act", [create_key, create_client, delete_first("/v1/api-keys")])
def test_a_session_that_is_signed_out_meanwhile_makes_and_deletes_no_credential(
    overtake: Overtake, act: Callable[[Person], Answer]
) -> None:
    who = person("ann", Role.ADMIN)
    create_key(who)
    overtake(lambda: done(who.api.post("/v1/auth/logout")))
    assert refused(act(who))
    kept = again(who.user).api
    assert [len(kept.get(path).data) for path in PATHS] == [1, 0, 0]


def change_email(who: Person) -> Answer:
    return who.api.post("/v1/auth/change-email", {"email": "thief@example.com", "current_password": PASSWORD})


@pytest.mark.parametrize("path", ["/v1/auth/logout", "/v1/auth/logout-all"])
def test_an_ended_session_asks_for_no_other_address(mailbox: Mailbox, overtake: Overtake, path: str) -> None:
    """The password alone, by a session that its owner ends at this moment, leads nowhere."""
    who = person("ann")
    overtake(lambda: done(who.api.post(path)))
    assert refused(change_email(who))
    assert mailbox.count("thief@example.com", "confirm_email") == 0


MAKES: dict[str, tuple[Callable[[Person], object], Callable[[Person], Answer]]] = {
    "enrolling a factor": (lambda _: None, enroll),
    "activating a factor": (begun, activate),
    "disabling a factor": (lambda who: who.enroll(), disable),
    "a key": (lambda _: None, create_key),
    "a client": (lambda _: None, create_client),
    "a webhook": (lambda _: None, create_webhook),
}


def proof(mailbox: Mailbox, email: str) -> Callable[[], object]:
    token = mailbox.token(email, "verification")
    return lambda: done(Api().post("/v1/auth/verify-email", {"token": token}))


@pytest.mark.parametrize("what", MAKES)
@pytest.mark.parametrize("end", [reset, proof])
def test_what_revokes_is_not_outrun_by_what_makes_a_credential(
    mailbox: Mailbox, overtake: Overtake, what: str, end: Callable[[Mailbox, str], Callable[[], object]]
) -> None:
    who = person("ann", Role.ADMIN)
    prepare, make = MAKES[what]
    prepare(who)
    had_factor = second_factor.find(who.id) is not None
    overtake(end(mailbox, who.user.email))
    assert refused(make(who))
    assert second_factor.find(who.id) is None, f"had one: {had_factor}"
    owner = again(who.user, NEW if end is reset else PASSWORD)
    for path in ("/v1/api-keys", "/v1/oauth-clients", "/v1/webhooks"):
        assert owner.api.get(path).data == []


@pytest.mark.parametrize("make", [create_key, create_client, create_webhook])
def test_a_demotion_is_not_outrun_either(overtake: Overtake, make: Callable[[Person], Answer]) -> None:
    root = person("root", Role.ADMIN)
    overtake(lambda: users.update(root.id, {"role": Role.VIEWER}, CONTEXT, if_version=lambda _: True))
    assert refused(make(root))


def test_an_admin_who_is_demoted_meanwhile_removes_no_factor(overtake: Overtake) -> None:
    root, ann = person("root", Role.ADMIN), person("ann")
    ann.enroll()
    overtake(lambda: users.update(root.id, {"role": Role.VIEWER}, CONTEXT, if_version=lambda _: True))
    assert refused(root.api.delete(f"/v1/users/{ann.id}/mfa"))
    assert MfaItem.get(*mfa_key(ann.id)).active


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE", "restore", "POST"])
def test_an_admin_who_is_demoted_meanwhile_changes_nobody(overtake: Overtake, method: str) -> None:
    root, user = person("root", Role.ADMIN), make_user("ann", email_verified=True)
    path, whole = f"/v1/users/{user.id}", {"email": user.email, "username": "ann", "name": "Ann"}
    if method == "restore":
        users.delete(user.id, CONTEXT, if_version=lambda _: True)
    before = stored(user)
    overtake(lambda: users.update(root.id, {"role": Role.VIEWER}, CONTEXT, if_version=lambda _: True))
    changes: dict[str, Callable[[], Answer]] = {
        "PATCH": lambda: root.api.patch(path, {"role": "editor"}),
        "PUT": lambda: root.api.put(path, {**whole, "status": "suspended"}),
        "DELETE": lambda: root.api.delete(path),
        "restore": lambda: root.api.post(f"{path}/restore"),
        "POST": lambda: root.api.post("/v1/users", {**whole, "email": "b@example.com", "username": "bob"}),
    }
    assert refused(changes[method]())
    assert stored(user) == before
    assert users.find_by_email("b@example.com") is None


def stored(user: User) -> User:
    return users.get_many([user.id])[user.id]


@pytest.mark.parametrize("path", ["/v1/users/me", "/v1/users/{id}"])
def test_an_admin_who_is_demoted_meanwhile_does_not_promote_itself(overtake: Overtake, path: str) -> None:
    root = person("root", Role.ADMIN)
    verified(root.user)
    overtake(lambda: users.update(root.id, {"role": Role.VIEWER}, CONTEXT, if_version=lambda _: True))
    assert refused(root.api.patch(path.format(id=root.id), {"role": "admin", "name": "Root Again"}))
    assert stored(root.user).role == Role.VIEWER


def test_a_promotion_waits_for_the_proof_that_is_undone_meanwhile(overtake: Overtake) -> None:
    root, user = person("root", Role.ADMIN), verified(person("ann").user)
    overtake(lambda: moved(user))
    answer = root.api.patch(f"/v1/users/{user.id}", {"role": "editor"})
    assert (answer.status, answer.error["code"]) == (422, "EMAIL_NOT_VERIFIED")


def moved(user: User) -> None:
    users.update(user.id, {"email": "other@example.com"}, CONTEXT, if_version=lambda _: True)
