"""Every night: remove accounts that registered themselves and never showed their address to be theirs."""

from lamina.events.schedule import schedule
from lamina.retention.expiry import expire_unverified

handler = schedule("unverified accounts expired", expire_unverified)
