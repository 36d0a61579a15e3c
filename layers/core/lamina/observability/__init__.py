"""What the system records about itself: Powertools' Logger, Metrics and Tracer, configured once."""

SERVICE = "lamina"
"""The service name of log lines, metrics and traces."""
