"""Every five minutes: requeue stale jobs, or fail them."""

from lamina.events.schedule import schedule
from lamina.jobs.requeue_due import requeue_stale

handler = schedule("stale jobs swept", requeue_stale)
