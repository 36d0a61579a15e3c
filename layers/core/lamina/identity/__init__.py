"""Who somebody is: passwords, sessions and tokens."""
