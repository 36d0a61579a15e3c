"""Sends the mail for an event once, and waits while SES is down."""

import random
from dataclasses import replace
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from lamina.errors import NotFound
from lamina.events.envelope import Event
from lamina.events.redelivery import Postponed
from lamina.limits.rules import count_mail, refund_mail
from lamina.mail.compose import MAILS, Mail
from lamina.mail.items import is_refused, mark_refused
from lamina.mail.sender import circuit, is_final, send
from lamina.observability.logs import logger
from lamina.resilience.circuit import CircuitOpen
from lamina.storage import transactions
from lamina.users import service as users
from lamina.users.model import User

SPREAD_SECONDS = 10
"""Seconds over which the retries of waiting mails are spread: enough for one of them to find out whether SES is up."""


def follow(event: Event) -> None:
    """Send the mail for an event, if there is one and its user still exists.

    Once SES has permanently rejected an address, no more mails are sent to it.

    Raises:
        Postponed: while SES is down.
        BotoCoreError, ClientError: if it could not be sent; the event is redelivered.
    """
    compose = MAILS.get(event["type"])
    if compose is None:
        return
    try:
        user = users.get(event["subject"])
    except NotFound:
        logger.info("no mail: no such user")
        return
    mail = compose(user, event)
    if mail is None:
        return
    mail = replace(mail, to=mail.to or user.email)
    if is_refused(user.id, mail.to):
        logger.info("no mail: the address was refused", extra={"template": mail.template, "user_id": user.id})
        return
    try:
        circuit.call(partial(_deliver, user, mail))
    except CircuitOpen as refused:
        spread = random.randint(1, SPREAD_SECONDS)  # noqa: S311 (jitter, not a secret)
        raise Postponed(refused.seconds + spread) from None


def _deliver(user: User, mail: Mail) -> None:
    unproven = "" if user.email_verified else mail.to
    if mail.kind and not count_mail(mail.kind, user.id, unproven):
        logger.info("no mail: too many of its kind", extra={"template": mail.template, "user_id": user.id})
        return
    try:
        _send(user.id, mail)
    except (BotoCoreError, ClientError):
        if mail.kind:
            refund_mail(mail.kind, user.id, unproven)
        raise


def _send(user_id: str, mail: Mail) -> None:
    if mail.token is not None:
        transactions.write(put=[mail.token])
    about = {"template": mail.template, "user_id": user_id}
    try:
        send(mail.to, mail.subject, mail.template, mail.values)
    except ClientError as error:
        if not is_final(error):
            raise
        # A retry would only fill the dead-letter queue, whose alarm anybody could then trigger.
        mark_refused(user_id, mail.to)
        logger.warning("mail refused for good", extra={**about, "error_code": error.response["Error"]["Code"]})
        return
    logger.info("mail sent", extra=about)
