"""The second factor: codes of an authenticator and recovery codes, none good twice."""

import base64

import pyotp
import pytest

from lamina.identity.credentials import second_factor
from lamina.identity.tokens.one_time_tokens import LIFE_SECONDS, Purpose
from lamina.storage.item import Item
from tests.support.aws import PASSWORD, Api
from tests.support.people import Clock, Person, activities, login, person, prove, use

# RFC 6238 appendix B, the SHA-1 column: Unix time and code. Its codes have eight digits, ours the last six of them.
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.fixture
def ann(aws: None, clock: Clock) -> Person:  # noqa: ARG001 (the table and the clock must be there)
    """Somebody whose second factor was activated a step ago."""
    ann = person("ann")
    ann.enroll()
    clock.forward(30)
    return ann


@pytest.mark.parametrize(("instant", "code"), VECTORS)
def test_codes_are_those_of_rfc_6238(clock: Clock, instant: int, code: str) -> None:
    clock.now = float(instant)
    assert second_factor._matching_step(RFC_SECRET, code[-6:].encode()) == instant // 30


def test_enrolling_gives_a_secret_of_160_bits_and_a_uri_for_apps(aws: None) -> None:  # noqa: ARG001 (the table)
    answer = person("ann").api.post("/v1/auth/mfa/enroll")
    assert len(base64.b32decode(answer.data["secret"])) == 20
    parsed = pyotp.parse_uri(answer.data["otpauth_uri"])
    assert (parsed.secret, parsed.issuer, parsed.name) == (answer.data["secret"], "Lamina", "ann@example.com")
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_enrolled_secret_counts_only_once_a_code_of_it_was_shown(aws: None) -> None:  # noqa: ARG001 (the table)
    ann = person("ann")
    ann.api.post("/v1/auth/mfa/enroll")
    assert ann.api.post("/v1/auth/mfa/activate", {"code": "000000"}).error["code"] == "WRONG_CODE"
    assert login(ann.user.email).status == 200


def test_signing_in_then_takes_a_code(ann: Person) -> None:
    token = ann.mfa_token()
    answer = prove(token, ann.code())
    assert answer.status == 200
    assert {"access_token", "refresh_token", "token_type", "expires_in", "user"} == set(answer.data)
    assert use(answer.data["refresh_token"]).status == 200
    assert prove(token, ann.code(1)).status == 401


def test_a_code_is_good_once_also_for_another_sign_in(ann: Person, clock: Clock) -> None:
    one, other = ann.mfa_token(), ann.mfa_token()
    assert prove(one, ann.code()).status == 200
    assert prove(other, ann.code()).status == 401
    clock.forward(30)
    assert prove(other, ann.code()).status == 200


def test_the_code_that_activated_does_not_sign_in(aws: None, clock: Clock) -> None:  # noqa: ARG001 (they must be there)
    ann = person("ann")
    ann.enroll()
    assert prove(ann.mfa_token(), ann.code()).status == 401


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 401), (0, 200), (1, 200), (2, 401)])
def test_a_clock_may_be_a_step_off_but_no_older_code_than_the_last_is_good(
    ann: Person, steps: int, status: int
) -> None:
    # The code of the step before is the one that activated.
    assert prove(ann.mfa_token(), ann.code(steps)).status == status


def test_a_code_of_the_step_before_is_good_if_it_was_not_used(ann: Person, clock: Clock) -> None:
    clock.forward(30)
    assert prove(ann.mfa_token(), ann.code(-1)).status == 200


@pytest.mark.parametrize("code", ["000000", "12345", "1234567", "é", "x" * 64, "-1", "1e5", " ", "--", "\u200b", "½"])
def test_whatever_is_no_code_is_refused(ann: Person, code: str) -> None:
    answer = prove(ann.mfa_token(), code)
    assert (answer.status, answer.error["code"]) == (401, "UNAUTHENTICATED")


FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@pytest.mark.parametrize(
    "form",
    [
        "{0} {1}",
        "{0}-{1}",
        "{0}\u2011{1}",
        "{0}\u00a0{1}",
        "{0}{1}\n",
        "\t{0}{1}\r\n",
        "\u200b{0}\u202f{1}\ufeff",
        "{0}.{1}",
    ],
    ids=ascii,
)
def test_a_code_is_taken_as_it_is_pasted(ann: Person, form: str) -> None:
    code = ann.code()
    assert prove(ann.mfa_token(), form.format(code[:3], code[3:])).status == 200


@pytest.mark.parametrize("digits", [FULL_WIDTH, ARABIC])
def test_a_code_is_taken_in_the_digits_of_the_keyboard(ann: Person, digits: dict[int, str]) -> None:
    assert prove(ann.mfa_token(), ann.code().translate(digits)).status == 200


@pytest.mark.parametrize("between", ["-", " ", "\u2013", "\u00a0", "\n"])
def test_a_recovery_code_may_be_grouped(ann: Person, between: str) -> None:
    code = ann.codes[0]
    grouped = between.join(code[start : start + 4] for start in range(0, len(code), 4))
    assert prove(ann.mfa_token(), f"{grouped.upper()}\n").status == 200
    assert prove(ann.mfa_token(), code).status == 401


def test_the_same_code_in_another_form_is_no_second_code(ann: Person) -> None:
    code = ann.code()
    assert prove(ann.mfa_token(), code).status == 200
    assert prove(ann.mfa_token(), f"{code[:3]}-{code[3:]}").status == 401


def test_ten_recovery_codes_each_sign_in_once(ann: Person) -> None:
    assert len(set(ann.codes)) == 10
    for code in ann.codes:
        assert prove(ann.mfa_token(), code.upper()).status == 200
        assert prove(ann.mfa_token(), code).status == 401
        assert login(ann.user.email, PASSWORD).error["code"] == "MFA_REQUIRED"


def test_secret_and_recovery_codes_are_not_kept_in_the_clear(ann: Person) -> None:
    stored = str([item.to_dynamodb_dict() for item in Item.scan(consistent_read=True)])
    assert not any(text in stored for text in (ann.secret, *ann.codes))


def test_the_first_step_is_good_for_five_minutes(ann: Person, clock: Clock) -> None:
    token = ann.mfa_token()
    clock.forward(LIFE_SECONDS[Purpose.SECOND_FACTOR])
    assert prove(token, ann.code()).status == 401


def test_the_first_step_is_void_once_the_password_is_another(ann: Person) -> None:
    token = ann.mfa_token()
    ann.api.post("/v1/auth/change-password", {"current_password": PASSWORD, "new_password": "Another-horse-2"})
    assert prove(token, ann.code()).status == 401


def test_the_first_step_is_void_once_all_sessions_are_ended(ann: Person) -> None:
    token = ann.mfa_token()
    assert ann.api.post("/v1/auth/logout-all").status == 204
    assert prove(token, ann.code()).status == 401


def test_the_token_of_the_first_step_opens_nothing_else(ann: Person) -> None:
    token = ann.mfa_token()
    assert Api(token=token).get("/v1/users/me").status == 401
    assert Api().get("/v1/users/me", headers={"X-API-Key": token}).status == 401
    assert Api().post("/v1/auth/refresh", {"refresh_token": token}).status == 401
    assert Api().post("/v1/auth/reset-password", {"token": token, "password": "Another-horse-2"}).status == 422


def test_codes_cannot_be_guessed_on(ann: Person, clock: Clock) -> None:
    token = ann.mfa_token()
    answers = [prove(token, "000000") for _ in range(6)]
    assert [answer.status for answer in answers] == [401] * 5 + [429]
    assert prove(token, ann.code()).status == 429
    assert login(ann.user.email).status == 429
    clock.forward(15 * 60 + 15)
    assert login(ann.user.email).error["code"] == "MFA_REQUIRED"


def test_a_right_password_does_not_clear_the_wrong_codes(ann: Person) -> None:
    for _ in range(5):
        assert prove(ann.mfa_token(), "000000").status == 401
    assert login(ann.user.email).status == 429


def test_disabling_takes_a_code_and_a_stolen_session_cannot_guess_it(ann: Person) -> None:
    def disable(code: str) -> int:
        return ann.api.post("/v1/auth/mfa/disable", {"code": code}).status

    assert [disable("000000") for _ in range(6)] == [422] * 5 + [429]
    assert disable(ann.code()) == 429
    event = activities(ann.id)
    assert (event.count("second_factor.failed"), event.count("account.locked")) == (5, 1)


def test_once_disabled_the_password_alone_signs_in(ann: Person) -> None:
    assert ann.api.post("/v1/auth/mfa/disable", {"code": ann.codes[0]}).status == 204
    assert login(ann.user.email).status == 200
    assert ann.api.post("/v1/auth/mfa/disable", {"code": ann.code()}).error["code"] == "MFA_NOT_ENROLLED"
    assert {"mfa.activated", "mfa.disabled"} <= set(activities(ann.id))


def test_an_active_second_factor_cannot_be_replaced_without_disabling_it(ann: Person) -> None:
    assert ann.api.post("/v1/auth/mfa/enroll").error["code"] == "MFA_ACTIVE"
    assert ann.api.post("/v1/auth/mfa/activate", {"code": ann.code()}).error["code"] == "MFA_ACTIVE"


def test_a_reset_of_the_password_keeps_the_second_factor(ann: Person) -> None:
    ann.api.post("/v1/auth/change-password", {"current_password": PASSWORD, "new_password": "Another-horse-2"})
    assert login(ann.user.email, "Another-horse-2").error["code"] == "MFA_REQUIRED"


def test_sessions_from_before_go_on(ann: Person) -> None:
    assert ann.is_signed_in()
