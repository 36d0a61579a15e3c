"""Rate limits, shared by all instances."""
