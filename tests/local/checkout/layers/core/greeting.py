"""What the layer of the small system holds."""

GREETING = "hello"
