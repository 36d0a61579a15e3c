"""Queue of events → table: what happens to a user becomes one of its activities."""

from lamina.activities.recording import activity, record
from lamina.events.batch_consumer import bulk_consumer

handler = bulk_consumer(activity, record)
