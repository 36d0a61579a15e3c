"""Credentials beside the password: second factors, API keys and OAuth clients."""
