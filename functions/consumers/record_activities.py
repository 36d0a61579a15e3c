"""Event queue → table: record events about a user as its activities."""

from lamina.activities.recording import activity, record
from lamina.events.batch_consumer import bulk_consumer

handler = bulk_consumer(activity, record)
