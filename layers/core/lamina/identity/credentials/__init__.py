"""Credentials other than passwords: second factors, API keys and OAuth clients."""
