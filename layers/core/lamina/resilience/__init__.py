"""Resilience against failing external services."""
