"""What a million calls of each endpoint cost."""
