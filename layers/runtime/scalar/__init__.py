"""The assets of the page at GET /docs."""
