"""Nightly: purge self-registered accounts whose e-mail address was never verified."""

from lamina.events.schedule import schedule
from lamina.retention.expiry import expire_unverified

handler = schedule("unverified accounts expired", expire_unverified)
