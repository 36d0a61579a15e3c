"""Webhooks: events are sent to endpoints of users, signed, at least once."""
