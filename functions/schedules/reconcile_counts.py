"""Nightly: correct the user counters in case the stream lost a record."""

from lamina.events.schedule import schedule
from lamina.users.reconciling import reconcile

handler = schedule("users reconciled", reconcile)
