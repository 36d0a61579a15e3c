"""Consumers of the stream and of queues."""

import json
from typing import Any

import boto3

from lamina import ids
from lamina.mail.sender import circuit
from lamina.settings import settings
from lamina.users import service as users
from tests.roles.process import Scenario, age_windows, open_circuit, place
from tests.support.aws import invoke
from tests.support.people import verified
from tests.support.samples import EMAIL_CHANGE, PROTECTED, VIEWER, sample, store_samples


def publish_changes() -> None:
    assert invoke(place("consumers/publish_changes"), sample("consumers/publish_changes")) == {"batchItemFailures": []}


def send_mail() -> None:
    store_samples()
    verified(users.get(VIEWER))
    changed = {"change_id": EMAIL_CHANGE}
    for event_type in ("user.created", "email.verified", "password_reset.requested", "password.changed"):
        assert deliver(mail_event(event_type, type=event_type)) == []
    assert deliver(mail_event("change", type="email_change.requested", data=changed)) == []
    assert deliver(mail_event("released", type="email.released", subject=PROTECTED, data=changed)) == []
    age_windows()
    assert deliver(mail_event("password.changed again", type="password.changed")) == []
    mails = boto3.client("sesv2")
    mails.delete_email_identity(EmailIdentity=settings().mail_from)
    assert deliver(
        mail_event("refused", type="password_reset.requested"), mail_event("other", type="user.updated")
    ) == ["refused"]
    mails.create_email_identity(EmailIdentity=settings().mail_from)
    boto3.client("sqs").create_queue(QueueName="lamina-MailQueue")
    for seconds_ago in (0, 60):
        open_circuit("ses", circuit, seconds_ago)
        assert (
            deliver(mail_event(f"postponed {seconds_ago}", type="password_reset.requested", occurred_at=ids.now()))
            == []
        )


def mail_event(event_id: str, **fields: object) -> dict[str, Any]:
    """The sample of the queue, with another event in it."""
    record: dict[str, Any] = sample("consumers/send_mail")["Records"][0]
    message = json.loads(record["body"])
    message["detail"] |= {"id": event_id, **fields}
    return record | {"messageId": event_id, "body": json.dumps(message)}


def deliver(*records: dict[str, Any]) -> list[str]:
    """Invoke the consumer of mail with a batch, and return what failed."""
    answer = invoke(place("consumers/send_mail"), {"Records": list(records)})
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def record_activities() -> None:
    event = sample("consumers/record_activities")
    assert invoke(place("consumers/record_activities"), event) == {"batchItemFailures": []}
    event["Records"][0]["body"] = "not an event"
    failed = [{"itemIdentifier": event["Records"][0]["messageId"]}]
    assert invoke(place("consumers/record_activities"), event) == {"batchItemFailures": failed}


def count_users() -> None:
    record = sample("consumers/count_users")
    invoke(place("consumers/count_users"), record)
    record["Records"][0]["eventName"] = "REMOVE"
    record["Records"][0]["dynamodb"]["OldImage"] = record["Records"][0]["dynamodb"].pop("NewImage")
    invoke(place("consumers/count_users"), record)


SCENARIOS: dict[str, Scenario] = {
    "consumers/count_users": count_users,
    "consumers/publish_changes": publish_changes,
    "consumers/record_activities": record_activities,
    "consumers/send_mail": send_mail,
}
