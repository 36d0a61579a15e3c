"""What secures an account takes a recent sign-in: a stolen session alone does not become a lasting one."""

from collections.abc import Callable

import pytest

from lamina import ids
from lamina.access.policy import Role
from lamina.identity.items import SessionItem
from lamina.storage.keys import key
from tests.support import people
from tests.support.aws import PASSWORD, Answer, Api, make_user
from tests.support.people import Clock, Person, activities, person

pytestmark = pytest.mark.usefixtures("aws")

MINUTES = 60

SENSITIVE: dict[str, Callable[[Person, str], Answer]] = {
    "make a key": lambda ann, _: ann.api.post("/v1/api-keys", {"name": "ci", "scopes": ["read"]}),
    "make a client": lambda ann, _: ann.api.post(
        "/v1/oauth-clients", {"name": "import", "scopes": ["read"], "grant_types": ["client_credentials"]}
    ),
    "enrol a factor": lambda ann, _: ann.api.post("/v1/auth/mfa/enroll"),
    "change a role": lambda ann, bob: ann.api.patch(f"/v1/users/{bob}", {"role": "editor"}),
    "change a status": lambda ann, bob: ann.api.patch(f"/v1/users/{bob}", {"status": "suspended"}),
    "replace with a role": lambda ann, bob: ann.api.put(
        f"/v1/users/{bob}", {"email": "bob@example.com", "username": "bob", "name": "Bob", "role": "editor"}
    ),
    "remove a factor": lambda ann, bob: ann.api.delete(f"/v1/users/{bob}/mfa"),
    "make an editor": lambda ann, _: ann.api.post(
        "/v1/users", {"email": "eve@example.com", "username": "eve", "name": "Eve", "role": "editor"}
    ),
}


def begun_long_ago(ann: Person) -> None:
    """Let the sessions have begun eleven minutes ago."""
    for session in SessionItem.query(key("USER", ann.id), SessionItem.sk.startswith("SESSION#")):
        session.created_at = ids.ago(11 * MINUTES)
        session.save()


def is_refused(answer: Answer) -> bool:
    return answer.status == 403 and answer.error["code"] == "REAUTHENTICATION_REQUIRED"


@pytest.mark.parametrize("act", SENSITIVE.values(), ids=SENSITIVE.keys())
def test_a_session_may_do_it_for_ten_minutes(clock: Clock, act: Callable[[Person, str], Answer]) -> None:
    ann, bob = person("ann", Role.ADMIN), make_user("bob", email_verified=True).id
    clock.forward(9 * MINUTES)
    assert not is_refused(act(ann, bob))
    clock.forward(2 * MINUTES)
    assert is_refused(act(ann, bob))


def test_refreshing_the_session_is_no_authentication() -> None:
    ann = person("ann")
    begun_long_ago(ann)
    assert ann.refresh().status == 200
    assert is_refused(ann.api.post("/v1/auth/mfa/enroll"))


def test_a_factor_is_neither_activated_nor_disabled_by_an_old_session(clock: Clock) -> None:
    ann = person("ann")
    ann.enroll()
    clock.forward(11 * MINUTES)
    assert is_refused(ann.api.post("/v1/auth/mfa/disable", {"code": ann.code()}))
    assert is_refused(ann.api.post("/v1/auth/mfa/activate", {"code": ann.code()}))


def again(ann: Person, password: str = PASSWORD, **code: str) -> Answer:
    return ann.api.post("/v1/auth/reauthenticate", {"password": password, **code})


def test_the_password_renews_the_session() -> None:
    ann = person("ann")
    begun_long_ago(ann)
    assert is_refused(ann.api.post("/v1/auth/mfa/enroll"))
    assert again(ann).status == 204
    assert ann.api.post("/v1/auth/mfa/enroll").status == 200
    assert activities(ann.id).count("session.reauthenticated") == 1


def test_another_session_of_the_user_is_not_renewed() -> None:
    ann = person("ann")
    other = people.again(ann.user)
    begun_long_ago(ann)
    assert again(ann).status == 204
    assert is_refused(other.api.post("/v1/auth/mfa/enroll"))


def test_wrong_passwords_are_limited_and_renew_nothing() -> None:
    ann = person("ann")
    begun_long_ago(ann)
    answers = [again(ann, "Wrong-horse-1") for _ in range(6)]
    assert [answer.status for answer in answers] == [422] * 5 + [429]
    assert answers[0].error["code"] == "WRONG_PASSWORD"
    assert is_refused(ann.api.post("/v1/auth/mfa/enroll"))


def test_an_active_factor_is_required_too_and_its_code_is_spent() -> None:
    ann = person("ann")
    ann.enroll()
    begun_long_ago(ann)
    assert again(ann).error["code"] == "CODE_REQUIRED"
    assert again(ann, code="000000").error["code"] == "WRONG_CODE"
    assert is_refused(ann.api.post("/v1/api-keys", {"name": "ci", "scopes": ["read"]}))
    assert again(ann, code=ann.codes[0]).status == 204
    assert again(ann, code=ann.codes[0]).error["code"] == "WRONG_CODE"
    assert ann.api.post("/v1/api-keys", {"name": "ci", "scopes": ["read"]}).status == 201


def test_whoever_lacks_the_password_is_not_asked_for_a_code() -> None:
    ann = person("ann")
    ann.enroll()
    assert again(ann, "Wrong-horse-1").error["code"] == "WRONG_PASSWORD"


def test_no_program_reauthenticates() -> None:
    ann = person("ann")
    key = ann.api.post("/v1/api-keys", {"name": "ci", "scopes": ["read", "write"]}).data["key"]
    answer = Api().post("/v1/auth/reauthenticate", {"password": PASSWORD}, headers={"X-API-Key": key})
    assert answer.error["code"] == "FORBIDDEN"


def test_reading_and_revoking_need_no_recent_authentication(clock: Clock) -> None:
    ann = person("ann")
    key = ann.api.post("/v1/api-keys", {"name": "ci", "scopes": ["read"]}).data
    clock.forward(11 * MINUTES)
    assert ann.api.get("/v1/api-keys").status == 200
    assert ann.api.delete(f"/v1/api-keys/{key['id']}").status == 204
    assert ann.api.post("/v1/auth/logout-all").status == 204


def test_a_caller_without_permission_gets_forbidden(clock: Clock) -> None:
    ann, bob = person("ann"), make_user("bob").id
    clock.forward(11 * MINUTES)
    assert ann.api.patch(f"/v1/users/{bob}", {"role": "editor"}).error["code"] == "FORBIDDEN"
