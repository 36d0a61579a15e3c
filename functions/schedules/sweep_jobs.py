"""Every five minutes: have jobs that nobody works on any more begun again, or end them."""

from lamina.events.schedule import schedule
from lamina.jobs.requeue_due import requeue_stale

handler = schedule("stale jobs swept", requeue_stale)
