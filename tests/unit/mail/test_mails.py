"""Which mail follows from what has happened, and what it says."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from functions.consumers import send_mail
from lamina import ids
from lamina.events.redelivery import Postponed
from lamina.events.request_context import RequestContext
from lamina.identity.items import EmailChangeItem, FormerEmailItem, email_change_key, former_email_key
from lamina.identity.sessions import service as sessions
from lamina.identity.sessions.service import SignInContext
from lamina.mail import sender
from lamina.mail.compose import MAILS
from lamina.mail.service import follow
from lamina.resilience.circuit import Circuit
from lamina.settings import settings
from lamina.users import service as users
from lamina.users.model import User
from lamina.webhooks.model import REASONS, DisabledReason
from tests.support.aws import Context, make_user, table_client
from tests.support.people import Mailbox, begin_session, verified
from tests.support.samples import sample
from tests.support.templates import ROOT, template
from tests.unit.events.conftest import happened

WHERE = SignInContext("203.0.113.99", "<b>Agent</b>/1.0")


@pytest.fixture
def ada(aws: None) -> User:  # noqa: ARG001 (a fixture that must be there)
    return verified(make_user("ada"))


@pytest.fixture
def bob(aws: None) -> User:  # noqa: ARG001 (a fixture that must be there)
    """Somebody whose address nobody has proven."""
    return make_user("bob")


@pytest.fixture
def circuit(monkeypatch: pytest.MonkeyPatch) -> Circuit:
    """A process that has not seen SES fail yet."""
    fresh = Circuit("ses", sender._is_failure)
    monkeypatch.setattr("lamina.mail.service.circuit", fresh)
    return fresh


def test_the_queue_lets_in_the_events_that_a_mail_follows_and_no_others() -> None:
    queue = template(ROOT / "stacks" / "async.yaml")["Resources"]["Mail"]["Properties"]["Parameters"]
    assert queue["EventTypes"]["Fn::Join"][1] == sorted(MAILS)


UNPROVEN = {"user.created", "email_verification.requested"}
"""Events that a mail follows only where the address is not proven."""


def test_every_mail_has_a_text_and_a_page(ada: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Mapping[str, Any]] = []
    monkeypatch.setattr(sender._ses, "send_email", lambda **mail: sent.append(mail))
    session, change_id = begin_session(ada, WHERE), store_changes_of(ada)
    data = {
        "session_id": session.id,
        "change_id": change_id,
        "is_new_place": True,
        "webhook_id": "w1",
        "host": "hooks.example.com",
        "reason": "failing",
    }
    for event_type in MAILS:
        subject = bob if event_type in UNPROVEN else ada
        follow(happened(event_type, type=event_type, subject=subject.id, data=data))
    assert len(sent) == len(MAILS)
    for mail in sent:
        content = mail["Content"]["Simple"]
        text = content["Body"]["Text"]["Data"]
        assert mail["Destination"]["ToAddresses"][0] in {ada.email, bob.email, "new@example.com", "former@example.com"}
        assert text.startswith("Hello,\n\n")
        assert f"<title>{content['Subject']['Data']}</title>" in content["Body"]["Html"]["Data"]
        for chosen_by_strangers in ("Agent", "hooks.example.com", ada.name, "@"):
            assert chosen_by_strangers not in text


def store_changes_of(user: User) -> str:
    """Store a change of address that waits and one that was made, of the same id."""
    change_id = ids.new_id()
    EmailChangeItem(*email_change_key(user.id), change_id=change_id, email="new@example.com", bound_to="").save()
    FormerEmailItem(*former_email_key(user.id, change_id), email="former@example.com", can_undo=True).save()
    return change_id


def test_a_former_address_changed_by_an_administrator_is_notified_without_an_undo_link(
    ada: User, mailbox: Mailbox
) -> None:
    former = FormerEmailItem(*former_email_key(ada.id, "c1"), email="former@example.com", can_undo=False)
    former.save()
    follow(happened(type="email.released", subject=ada.id, data={"change_id": "c1"}))
    ((to, template, values),) = mailbox.sent
    assert (to, template, values["link"]) == ("former@example.com", "notice", "")
    assert stored("ONETIME#") == 0


def test_an_address_that_nobody_has_proven_gets_no_notices(bob: User, mailbox: Mailbox) -> None:
    """Whoever registers somebody else's address could send any number of them there."""
    session = begin_session(bob, WHERE)
    data = {"session_id": session.id, "is_new_place": True}
    for event_type in ("password.changed", "api_key.created", "sign_in.suspicious", "second_factor.requested"):
        follow(happened(event_type, type=event_type, subject=bob.id, data=data))
    assert mailbox.sent == []


def test_of_one_kind_an_account_gets_five_notices_and_those_of_others_all_the_same(ada: User, mailbox: Mailbox) -> None:
    for number in range(7):
        follow(happened(f"k{number}", type="api_key.created", subject=ada.id))
    follow(happened(type="password.changed", subject=ada.id))
    event = [values["what"] for _, _, values in mailbox.sent]
    assert event == ["An API key of your account was created"] * 5 + ["Your password was changed"]


def test_a_notice_that_could_not_be_sent_is_not_counted(ada: User, ses: "Refusing") -> None:
    ses.error = refused("MessageRejected", UNVERIFIED)
    for _ in range(4):
        with pytest.raises(ClientError):
            follow(happened(type="api_key.created", subject=ada.id))
    ses.error = None
    for number in range(6):
        follow(happened(f"k{number}", type="api_key.created", subject=ada.id))
    assert len(ses.tried) == 4 + 5


def test_owners_are_notified_of_every_reason_for_which_a_webhook_is_disabled() -> None:
    assert REASONS.keys() == set(DisabledReason)


def test_a_suspicious_sign_in_is_notified_with_its_ip_address(ada: User, mailbox: Mailbox) -> None:
    session = begin_session(ada, WHERE)
    follow(happened(type="sign_in.suspicious", subject=ada.id, data={"session_id": session.id}))
    assert mailbox.sent[0][2].keys() == {"at", "address", "link"}
    assert mailbox.sent[0][2]["address"] == "203.0.113.99"


def test_a_user_is_welcomed_once_however_often_an_address_is_proven(ada: User, mailbox: Mailbox) -> None:
    first, second = (happened(name, type="email.verified", subject=ada.id) for name in ("e1", "e2"))
    for event in (first, second):
        follow(event)
    assert [template for _, template, _ in mailbox.sent] == ["welcome"]
    follow(first)
    assert len(mailbox.sent) == 2, (
        "the first event is told apart by the consumer, and here it comes again after a crash"
    )


def test_no_mail_of_a_suspicious_sign_in_once_its_session_is_over(ada: User, mailbox: Mailbox) -> None:
    session = begin_session(ada, WHERE)
    sessions.end(ada.id, session.id, RequestContext(ada.id, "test"))
    follow(happened(type="sign_in.suspicious", subject=ada.id, data={"session_id": session.id}))
    assert mailbox.sent == []


@pytest.mark.parametrize("event_type", sorted(MAILS))
def test_nobody_is_written_to_who_is_no_longer_there(ada: User, mailbox: Mailbox, event_type: str) -> None:
    users.delete(ada.id, RequestContext(None, "test"), if_version=lambda _: True)
    follow(happened(type=event_type, subject=ada.id))
    assert mailbox.sent == []


def test_no_mail_proves_an_address_that_is_proven(ada: User, mailbox: Mailbox) -> None:
    follow(happened(type="user.created", subject=ada.id))
    assert mailbox.sent == []


def refused(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "SendEmail")


@pytest.mark.parametrize("error", [refused("TooManyRequestsException"), ConnectTimeoutError(endpoint_url="")])
def test_while_ses_is_down_mails_are_postponed_and_leave_no_token_behind(
    ada: User, monkeypatch: pytest.MonkeyPatch, circuit: Circuit, error: Exception
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(sender._ses, "send_email", fail)
    event = happened(type="password_reset.requested", subject=ada.id)
    for _ in range(4):
        with pytest.raises(type(error)):
            follow(event)
    tokens = stored("ONETIME#")
    with pytest.raises(Postponed) as postponed:
        follow(event)
    assert 28 <= postponed.value.seconds <= 40
    assert stored("ONETIME#") == tokens
    assert circuit._outcomes.are_bad() is False


UNVERIFIED = "Email address is not verified. The following identities failed the check in region US-EAST-1: us@here.org"


class Refusing:
    """SES, refusing every mail with an error, or taking it where there is none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: ClientError | None = None
        self.tried: list[str] = []
        monkeypatch.setattr(sender._ses, "send_email", self.send_email)

    def send_email(self, Destination: Mapping[str, list[str]], **_: object) -> None:  # noqa: N803 (as boto3 has it)
        self.tried += Destination["ToAddresses"]
        if self.error is not None:
            raise self.error


@pytest.fixture
def ses(monkeypatch: pytest.MonkeyPatch, circuit: Circuit) -> Refusing:  # noqa: ARG001 (it must be a new one)
    return Refusing(monkeypatch)


def consume(*event_types: str, user: User) -> list[str]:
    """Invoke the consumer with events as messages of the queue, and return those that are to be received again."""
    record: dict[str, Any] = sample("consumers/send_mail")["Records"][0]
    events = [happened(f"{ids.new_id()} {each}", type=each, subject=user.id) for each in event_types]
    records = [
        record | {"messageId": each["type"], "body": json.dumps({"detail": each}, default=str)} for each in events
    ]
    context: Any = Context()
    answer = send_mail.handler({"Records": records}, context)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.mark.parametrize("code", ["BadRequestException", "MessageRejected"])
def test_a_mail_that_is_refused_for_good_is_done_with_and_the_address_gets_no_more(
    ada: User, ses: Refusing, code: str
) -> None:
    ses.error = refused(code, "Invalid email address ada@example.com.")
    assert consume("password.changed", user=ada) == []
    ses.error = None
    assert consume("password_reset.requested", "password.changed", user=ada) == []
    assert ses.tried == [ada.email]


def test_another_address_is_written_to_and_when_that_is_refused_too_it_is_marked_in_its_place(
    ada: User, ses: Refusing
) -> None:
    ses.error = refused("BadRequestException")
    consume("password_reset.requested", user=ada)
    other = users.update(
        ada.id, {"email": "other@example.com"}, RequestContext(None, "test"), if_version=lambda _: True
    )
    consume("password_reset.requested", user=other)
    consume("password_reset.requested", user=other)
    assert ses.tried == [ada.email, other.email]
    again = users.update(ada.id, {"email": ada.email}, RequestContext(None, "test"), if_version=lambda _: True)
    ses.error = None
    consume("password_reset.requested", user=again)
    assert ses.tried == [ada.email, other.email, ada.email]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("MessageRejected", UNVERIFIED),
        ("AccountSuspendedException", ""),
        ("SendingPausedException", ""),
        ("MailFromDomainNotVerifiedException", ""),
        ("LimitExceededException", ""),
        ("NotFoundException", ""),
        ("TooManyRequestsException", ""),
        ("InternalServiceErrorException", ""),
        ("AccessDeniedException", ""),
    ],
)
def test_what_is_said_of_our_account_or_of_ses_is_tried_again_and_marks_nobody(
    ada: User, ses: Refusing, code: str, message: str
) -> None:
    ses.error = refused(code, message)
    assert consume("password.changed", user=ada) == ["password.changed"]
    ses.error = None
    assert consume("password.changed", user=ada) == []
    assert ses.tried == [ada.email] * 2


def test_mails_that_are_refused_do_not_keep_others_back(ada: User, ses: Refusing) -> None:
    ses.error = refused("MessageRejected", UNVERIFIED)
    for _ in range(9):
        with pytest.raises(ClientError, match="MessageRejected"):
            follow(happened(type="password.changed", subject=ada.id))


def test_ses_has_three_seconds_and_one_try() -> None:
    config: Any = sender._ses.meta.config  # whose stubs leave its options out
    assert config.connect_timeout + config.read_timeout == 3
    assert config.retries["total_max_attempts"] == 1


def stored(prefix: str) -> int:
    items = table_client().scan(TableName=settings().table)["Items"]
    return sum(item["pk"]["S"].startswith(prefix) for item in items)
