"""Retention: expiry of unverified accounts, and purges of deleted users."""
