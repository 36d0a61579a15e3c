"""Webhooks: what happens is told to endpoints that users name, signed, each event at least once."""
