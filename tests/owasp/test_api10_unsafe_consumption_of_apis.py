"""API10:2023: what others answer is not believed: here the others are AWS's services, and clients of the bus."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from functions.consumers import send_mail
from lamina.events import publisher
from lamina.events.envelope import envelope
from lamina.events.outbox import OutboxItem
from lamina.events.publisher import publish
from lamina.identity.credentials import second_factor
from lamina.identity.tokens import access_tokens
from lamina.mail import service as mail
from lamina.storage import encryption
from tests.support.aws import PASSWORD, Api, Context, make_user
from tests.support.people import Person, events_of, person


@pytest.fixture
def ann(aws: None) -> Person:  # noqa: ARG001 (the table must be there)
    return person("ann")


def refusal(code: str, operation: str) -> ClientError:
    event: Any = {"Error": {"Code": code, "Message": "arn:aws:kms:secret-account"}, "ResponseMetadata": {}}
    return ClientError(event, operation)


class Broken:
    """A service that fails at everything."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        def fail(**_: object) -> None:
            raise self.error

        return fail


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (refusal("ThrottlingException", "Sign"), 503),
        (ReadTimeoutError(endpoint_url="https://kms"), 503),
        (refusal("AccessDeniedException", "Sign"), 500),
    ],
)
def test_a_service_that_fails_is_not_quoted(
    ann: Person, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    monkeypatch.setattr(access_tokens, "kms", Broken(error))
    answer = Api().post("/v1/auth/login", {"email": ann.user.email, "password": PASSWORD})
    assert answer.status == status
    assert b"kms" not in answer.body
    assert b"arn" not in answer.body


def test_a_second_factor_that_cannot_be_read_lets_nobody_in(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    ann.enroll()
    token = ann.mfa_token()
    monkeypatch.setattr(encryption, "_kms", Broken(refusal("InvalidCiphertextException", "Decrypt")))
    answer = Api().post("/v1/auth/mfa/verify", {"mfa_token": token, "code": ann.code(1)})
    assert answer.status == 500


def test_the_secret_of_one_does_not_decrypt_as_anothers(ann: Person) -> None:
    bob = person("bob")
    ann.enroll()
    item = second_factor.find(ann.id)
    assert item is not None
    with pytest.raises(ClientError):
        encryption.decrypt(item.secret, second_factor._purpose(bob.id))


def test_events_that_the_bus_did_not_take_are_brought_again(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    class Bus:
        def put_events(self, Entries: list[Any]) -> Any:  # noqa: N803 (boto3's own name)
            refused = [{"ErrorCode": "ThrottlingException"} for _ in Entries]
            return {"FailedEntryCount": len(Entries), "Entries": refused}

    events = events_of(ann.id)
    first, *rest = events
    assert publish([first]) == set()
    monkeypatch.setattr(publisher, "_bus", Bus())
    assert publish(events) == {event.event_id for event in rest} != set()


def sqs(*bodies: str) -> dict[str, Any]:
    records = [
        {
            "messageId": str(number),
            "receiptHandle": "x",
            "body": body,
            "attributes": {},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:mail",
            "awsRegion": "us-east-1",
        }
        for number, body in enumerate(bodies)
    ]
    return {"Records": records}


def message(item: OutboxItem) -> str:
    return json.dumps({"detail": envelope(item)})


@pytest.mark.usefixtures("aws")
def test_a_foreign_message_fails_alone_and_a_mail_is_sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(mail, "send", lambda to, *_: sent.append(to))
    good = message(events_of(make_user("ann").id)[0])
    context: Any = Context()
    answer = send_mail.handler(sqs("null", good, '{"detail": {}}'), context)
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["0", "2"]
    assert send_mail.handler(sqs(good), context)["batchItemFailures"] == []
    assert sent == ["ann@example.com"]


@pytest.mark.usefixtures("aws")
def test_a_mail_that_could_not_be_sent_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def send(to: str, *_: object) -> None:
        tries.append(to)
        if len(tries) == 1:
            raise refusal("TooManyRequestsException", "SendEmail")

    monkeypatch.setattr(mail, "send", send)
    event, context = sqs(message(events_of(make_user("ann").id)[0]), "null"), Context()
    given: Any = context
    first = send_mail.handler(event, given)
    assert [failure["itemIdentifier"] for failure in first["batchItemFailures"]] in (["0", "1"], ["1", "0"])
    assert [failure["itemIdentifier"] for failure in send_mail.handler(event, given)["batchItemFailures"]] == ["1"]
    assert len(tries) == 2
