"""Living with outside services that fail."""
