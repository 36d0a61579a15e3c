"""Queues and their dead letters: what waits, and giving one or all of the dead letters back to their queue."""

import json
from dataclasses import asdict
from typing import Any

from local import queues
from local.console.context import ActionError, Context, NotThereError, Query, changed

AT_A_TIME = 10
MOST = 1000
"""Maximum number of messages that are looked through for one."""

type Json = dict[str, Any]


def read(context: Context, _identifier: str, _query: Query) -> object:
    """Return all queues, each with its newest dead letters."""
    stack = context.stack()
    if stack is None:
        raise NotThereError("The local stack is starting.")
    found = queues.queues(context.account, stack)
    return {
        "items": [
            {**asdict(queue), "letters": [_letter(asdict(letter)) for letter in queue.letters]} for queue in found
        ]
    }


def redrive(context: Context, asked: Any) -> object:  # noqa: ANN401  JSON
    """Return dead letters to their queue: all of them, or one (`message`).

    Each is sent before it is deleted, so that a crash repeats it rather than loses it.
    """
    wanted = asked.get("message")
    source, target = _urls(context, str(asked["queue"]))
    sqs, moved, others = context.client("sqs"), 0, list[str]()
    for _ in range(MOST // AT_A_TIME):
        messages = sqs.receive_message(
            QueueUrl=source, MaxNumberOfMessages=AT_A_TIME, MessageAttributeNames=["All"], VisibilityTimeout=30
        )
        if not messages.get("Messages"):
            break
        for message in messages["Messages"]:
            if wanted and message["MessageId"] != wanted:
                others.append(message["ReceiptHandle"])
                continue
            attributes = message.get("MessageAttributes", {})
            sqs.send_message(QueueUrl=target, MessageBody=message["Body"], MessageAttributes=attributes)
            sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
        if wanted and moved:
            break
    for handle in others:
        sqs.change_message_visibility(QueueUrl=source, ReceiptHandle=handle, VisibilityTimeout=0)
    changed(context.journal, "queues")
    return {"moved": moved}


def _urls(context: Context, name: str) -> tuple[str, str]:
    """Return the URLs of the dead letters of a queue, and of the queue."""
    sqs, stack = context.client("sqs"), context.stack()
    if stack is None:
        raise NotThereError("The local stack is starting.")
    urls = sqs.list_queues(MaxResults=1000).get("QueueUrls", [])
    attributes = {url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"] for url in urls}
    by_arn = {found["QueueArn"]: url for url, found in attributes.items()}
    for url, found in attributes.items():
        dead = by_arn.get(json.loads(found.get("RedrivePolicy", "{}")).get("deadLetterTargetArn", ""))
        if dead and queues.name_of(stack.logical.get(url, url.rpartition("/")[2])) == name:
            return dead, url
    raise ActionError(f"{name} has no queue that its dead letters came from.")


def _letter(letter: Json) -> Json:
    """Add the ids that a dead letter can be followed by."""
    try:
        detail = json.loads(letter["body"]).get("detail") or {}
    except (ValueError, AttributeError):
        detail = {}
    return {**letter, "event": detail.get("id", ""), "correlation": detail.get("correlation_id", "")}
