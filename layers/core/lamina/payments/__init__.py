"""Payments: an interface of a provider, and its adapter for Stripe's API. docs/payments.md says how to go live."""
