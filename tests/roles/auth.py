"""Sign-in and what secures an account."""

from lamina.users import service
from tests.roles.process import Scenario, forget_idempotency_records, samples
from tests.support import people
from tests.support.aws import PASSWORD, Api, signed_in
from tests.support.people import person
from tests.support.samples import PROTECTED

ANYBODY = {"email": "ada@example.com", "username": "ada", "name": "Ada", "password": PASSWORD}


def register() -> None:
    request = {"body": ANYBODY, "headers": {"Idempotency-Key": "1"}}
    made = Api().post("/v1/auth/register", **request)
    assert Api().post("/v1/auth/register", **request).headers["Idempotent-Replayed"] == "true"
    forget_idempotency_records()
    assert Api().post("/v1/auth/register", **request).data["id"] == made.data["id"]
    assert Api().post("/v1/auth/register", ANYBODY, headers={"Idempotency-Key": "2"}).status == 409
    # One who is signed in is counted as an address too.
    assert person("bob").api.post("/v1/auth/register", ANYBODY).status == 409


def login() -> None:
    ada = person("ada")
    assert people.login("nobody@example.com").status == 401
    assert people.login(ada.user.email, "Wrong-horse-1").status == 401
    ada.enroll()
    assert people.login(ada.user.email).error["code"] == "MFA_REQUIRED"


def logout() -> None:
    ada, _ = signed_in("ada")
    assert ada.post("/v1/auth/logout").status == 204


def second_factor() -> None:
    ada = person("ada")
    ada.enroll()
    assert people.prove(ada.mfa_token(), "000000").status == 401
    assert people.prove(ada.mfa_token(), ada.codes[0]).status == 200
    assert ada.api.post("/v1/auth/mfa/disable", {"code": "000000"}).status == 422
    assert ada.api.post("/v1/auth/mfa/disable", {"code": ada.codes[1]}).status == 204


def refresh() -> None:
    ada = person("ada")
    spent = ada.refresh_token
    for _ in range(2):
        assert ada.refresh().status == 200
    assert people.use(spent).status == 401
    assert not ada.is_signed_in()


def sessions() -> None:
    ada = person("ada")
    people.again(ada.user)
    listed = ada.api.get("/v1/auth/sessions?limit=1")
    assert listed.json["meta"]["has_more"]
    assert ada.api.delete(f"/v1/auth/sessions/{listed.data[0]['id']}").status == 204
    assert ada.api.post("/v1/auth/logout-all").status == 204


def change_password() -> None:
    ada = person("ada")
    for current, status in (("Wrong-horse-1", 422), (PASSWORD, 204)):
        change = {"current_password": current, "new_password": "Another-horse-2"}
        assert ada.api.post("/v1/auth/change-password", change).status == status


def reauthenticate() -> None:
    ada = person("ada")
    assert ada.api.post("/v1/auth/reauthenticate", {"password": "Wrong-horse-1"}).status == 422
    ada.enroll()
    assert ada.api.post("/v1/auth/reauthenticate", {"password": PASSWORD, "code": "000000"}).status == 422
    assert ada.api.post("/v1/auth/reauthenticate", {"password": PASSWORD, "code": ada.codes[0]}).status == 204


def change_email() -> None:
    ada = person("ada")
    for password, email, status in (
        ("Wrong-horse-1", "ada@example.org", 422),
        (PASSWORD, "ada@example.org", 202),
        (PASSWORD, "ada@example.net", 202),
    ):
        assert ada.api.post("/v1/auth/change-email", {"email": email, "current_password": password}).status == status


def asking(name: str, path: str) -> Scenario:
    """Ask for a mail to an address that is known, and to one that is not."""

    def ask() -> None:
        samples(name)()
        assert Api().post(path, {"email": "nobody@example.com"}).status == 202

    return ask


def undo_email_change() -> None:
    """With a second factor that stays, and with none that is recent."""
    samples("auth/undo_email_change")()
    assert service.get(PROTECTED).email == "protected@example.org"


SCENARIOS: dict[str, Scenario] = {
    "auth/activate_second_factor": second_factor,
    "auth/change_email": change_email,
    "auth/change_password": change_password,
    "auth/confirm_email": samples("auth/confirm_email"),
    "auth/disable_second_factor": second_factor,
    "auth/end_session": sessions,
    "auth/enroll_second_factor": second_factor,
    "auth/forgot_password": asking("auth/forgot_password", "/v1/auth/forgot-password"),
    "auth/list_sessions": sessions,
    "auth/login": login,
    "auth/logout": logout,
    "auth/logout_all": sessions,
    "auth/reauthenticate": reauthenticate,
    "auth/redeem_sign_in_link": samples("auth/redeem_sign_in_link"),
    "auth/refresh": refresh,
    "auth/register": register,
    "auth/request_sign_in_link": asking("auth/request_sign_in_link", "/v1/auth/sign-in-link"),
    "auth/resend_verification": asking("auth/resend_verification", "/v1/auth/resend-verification"),
    "auth/reset_password": samples("auth/reset_password"),
    "auth/undo_email_change": undo_email_change,
    "auth/verify_email": samples("auth/verify_email"),
    "auth/verify_second_factor": second_factor,
}
