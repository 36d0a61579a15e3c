"""Nightly: purge users that were deleted 30 days ago, with everything they own."""

from lamina.events.schedule import schedule
from lamina.retention.purging import purge_users

handler = schedule("users purged", purge_users)
