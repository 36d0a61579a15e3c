"""From what has happened to the mail that follows: sent once, and kept waiting while SES is down."""

import random
from functools import partial

from lamina.errors import NotFound
from lamina.events.consumer import Event
from lamina.events.redelivery import Postponed
from lamina.mail.compose import MAILS, Mail
from lamina.mail.sender import circuit, send
from lamina.observability.logs import logger
from lamina.resilience.circuit import CircuitOpen
from lamina.storage import transactions
from lamina.users import service as users
from lamina.users.model import User

SPREAD_SECONDS = 10
"""Over which the mails come that have waited for SES: time for one of them to find out whether it is back."""


def follow(event: Event) -> None:
    """Send the mail that follows an event, if there is one and its user is still there.

    Raises:
        Postponed: while SES is down.
        BotoCoreError, ClientError: when it could not be sent; the event will come again.
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
    try:
        circuit.call(partial(_deliver, user, mail))
    except CircuitOpen as refused:
        spread = random.randint(1, SPREAD_SECONDS)  # noqa: S311 (jitter, not a secret)
        raise Postponed(refused.seconds + spread) from None
    logger.info("mail sent", extra={"template": mail.template, "user_id": user.id})


def _deliver(user: User, mail: Mail) -> None:
    if mail.token is not None:
        transactions.write(put=[mail.token])
    send(user.email, mail.subject, mail.template, mail.values)
