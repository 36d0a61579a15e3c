"""Lamina: users, identity, webhooks, jobs and events in one DynamoDB table."""

import gc
import os

from lamina import deferred

# Imported objects are never freed. Collecting garbage among them every 2,000 objects takes 8% of a cold start.
gc.set_threshold(20_000)
# Pydantic would read the metadata of every installed package, to find plugins that no layer has.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
deferred.install()
