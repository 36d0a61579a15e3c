"""Sessions: signing in, refreshing and proving again who one is."""
