"""Event queue → SES: send the mails that events call for."""

from lamina.events.consumer import consumer
from lamina.mail.service import follow

handler = consumer("mail", follow)
