"""What the system records about itself: Powertools' Logger, Metrics and Tracer, configured once."""

SERVICE = "lamina"
"""The service that log lines, metrics and traces are of."""
