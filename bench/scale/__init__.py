"""Which quota is exceeded first under a growing load, and how to raise it."""
