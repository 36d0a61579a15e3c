"""Every five minutes: have jobs that nobody works on any more begun again, or end them."""

from lamina.events.schedule import schedule
from lamina.jobs.requeue_due import sweep_stale

handler = schedule("stale jobs swept", sweep_stale)
