"""The cost of a million calls of each endpoint."""
