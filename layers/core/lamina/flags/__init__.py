"""Feature flags: switches of the running system, evaluated by Powertools from one item of the table."""
