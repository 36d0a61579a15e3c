"""Sessions: sign-in, refresh and reauthentication."""
