"""Activities: the events of each user, stored per month, for a limited time."""
