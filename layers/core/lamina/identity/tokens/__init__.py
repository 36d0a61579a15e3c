"""Tokens: access tokens, one-time tokens, and authentication of requests."""
