"""Queue of events → SES: the mails that follow from what has happened."""

from lamina.events.consumer import consumer
from lamina.mail.service import follow

handler = consumer("mail", follow)
