"""The assets of the query page at GET /graphql."""
