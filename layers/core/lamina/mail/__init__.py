"""Mails sent as a result of events."""
