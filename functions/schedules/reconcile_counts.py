"""Every night: put the counters of users right, should the stream have lost something."""

from lamina.events.schedule import schedule
from lamina.users.reconciling import reconcile

handler = schedule("users reconciled", reconcile)
