"""Every night: remove users who were deleted a month ago, with all that was theirs."""

from lamina.events.schedule import schedule
from lamina.retention.purging import purge_users

handler = schedule("users purged", purge_users)
