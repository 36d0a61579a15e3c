"""Orders: placed, reserved, paid and confirmed, as a history of events."""
