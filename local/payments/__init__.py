"""A simulator of the part of Stripe's API that Lamina uses. docs/payments.md lists its faults."""
