"""Tokens: access tokens, one-time tokens, and who a credential belongs to."""
