"""Lamina: accounts, access, content, orders, events and jobs over one DynamoDB table."""

import gc

# What is imported stays. To look for garbage among it every 2,000 objects is a twelfth of a cold start.
gc.set_threshold(20_000)
