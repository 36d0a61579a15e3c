"""Lamina: users, identity, webhooks, jobs and events in one DynamoDB table."""

import gc

# Imported objects are never freed. Collecting garbage among them every 2,000 objects takes 8% of a cold start.
gc.set_threshold(20_000)
