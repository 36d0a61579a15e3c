"""Signing keys: a new one is known before it signs, and an old one is trusted until its tokens are over."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import jwt
import pytest

from lamina import ids
from lamina.access.policy import Role
from lamina.errors import Conflict
from lamina.identity.model import AccessClaims
from lamina.identity.tokens import access_tokens, signing_keys
from lamina.identity.tokens.access_tokens import InvalidToken
from lamina.identity.tokens.signing_keys import LEARNING, OUTLIVING, KeyRingItem
from lamina.settings import settings
from operations.make_admin import settle
from operations.rotate_signing_key import rotate
from tests.support.aws import Api, make_user

FIRST = settings().signing_key_ids[0]
CLAIMS = AccessClaims("0190a3f0-0000-7000-8000-000000000001", "session", Role.VIEWER, "read")


@pytest.fixture(autouse=True)
def _unread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test, and whatever comes after them, begins without knowing the ring."""
    monkeypatch.setattr(signing_keys, "READ_SECONDS", -1)
    yield
    signing_keys._ring.clear()


def added(ago: timedelta) -> str:
    """A second key, as if it had been added that long ago."""
    key: str = boto3.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    entry = {"id": key, "added_at": ids.stamp(datetime.now(UTC) - ago)}
    KeyRingItem("CONFIG#SIGNING", "KEY_RING", keys=[entry, {"id": FIRST, "added_at": signing_keys.DAWN}]).save()
    return key


def signer() -> str:
    kid: str = jwt.get_unverified_header(access_tokens.issue(CLAIMS))["kid"]
    return kid


@pytest.mark.usefixtures("aws")
def test_the_key_of_the_deployment_signs_until_another_is_added() -> None:
    assert signer() == FIRST
    assert signing_keys.trusted() == [FIRST]


@pytest.mark.usefixtures("aws")
def test_a_new_key_is_published_at_once_and_signs_when_everybody_knows_it() -> None:
    new = added(ago=timedelta())
    assert [key["kid"] for key in Api().get("/.well-known/jwks.json").json["keys"]] == [new, FIRST]
    assert signer() == FIRST


@pytest.mark.usefixtures("aws")
def test_tokens_of_the_old_key_are_good_while_the_new_one_signs() -> None:
    old = access_tokens.issue(CLAIMS)
    new = added(ago=LEARNING + timedelta(minutes=1))
    assert signer() == new
    assert access_tokens.verify(old).user_id == CLAIMS.user_id


@pytest.mark.usefixtures("aws")
def test_an_old_key_is_trusted_no_more_once_its_last_token_is_over() -> None:
    old = access_tokens.issue(CLAIMS)
    new = added(ago=LEARNING + OUTLIVING + timedelta(seconds=1))
    assert signing_keys.trusted() == [new]
    with pytest.raises(InvalidToken):
        access_tokens.verify(old)


@pytest.mark.usefixtures("aws")
def test_the_ring_is_read_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_keys, "READ_SECONDS", 60)
    assert signing_keys.trusted() == [FIRST]
    added(ago=timedelta())
    assert signing_keys.trusted() == [FIRST]


@pytest.mark.usefixtures("aws")
def test_rotating_makes_a_key_like_the_first_and_forgets_those_that_are_over() -> None:
    over = added(ago=LEARNING + OUTLIVING + timedelta(days=1))
    assert "the key ring has 2 keys" in rotate()
    newest, second = signing_keys.ring()
    assert second.id == over
    assert boto3.client("kms").describe_key(KeyId=newest.id)["KeyMetadata"]["KeySpec"] == "ECC_NIST_P256"


@pytest.mark.usefixtures("aws")
def test_after_a_leak_the_new_key_signs_at_once_and_no_other_is_trusted() -> None:
    leaked = added(ago=LEARNING + timedelta(minutes=1))
    old = access_tokens.issue(CLAIMS)
    assert access_tokens.verify(old).user_id == CLAIMS.user_id
    assert "tokens of all other keys are rejected" in rotate(at_once=True)
    (newest,) = signing_keys.trusted()
    assert newest not in {leaked, FIRST}
    assert signer() == newest
    with pytest.raises(InvalidToken):
        access_tokens.verify(old)


@pytest.mark.usefixtures("aws")
def test_two_rotations_at_once_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stale = signing_keys._stored()
    signing_keys.add("first")
    monkeypatch.setattr(signing_keys, "_stored", lambda: stale)
    for change in (signing_keys.add, signing_keys.replace):
        with pytest.raises(Conflict):
            change("second")


@pytest.mark.usefixtures("aws")
def test_an_operator_makes_the_first_administrator() -> None:
    settle("Root@example.com", "root", "Correct-horse-1")
    answer = Api().post("/v1/auth/login", {"email": "root@example.com", "password": "Correct-horse-1"})
    assert answer.data["user"]["role"] == "admin"


@pytest.mark.usefixtures("aws")
def test_an_operator_makes_an_administrator_of_a_user_who_is_there() -> None:
    settle("root@example.com", "root", None)
    assert "is an administrator now" in settle("root@example.com", "ignored", None)


@pytest.mark.usefixtures("aws")
def test_an_operator_makes_no_administrator_of_an_account_that_may_be_a_strangers() -> None:
    make_user("root")
    with pytest.raises(SystemExit, match="stopped: The e-mail address of this account is not verified"):
        settle("root@example.com", "root", None)


@pytest.mark.usefixtures("aws")
def test_an_operator_gets_one_line_of_explanation() -> None:
    with pytest.raises(SystemExit, match="stopped: email must be an e-mail address"):
        settle("root", "root", None)
