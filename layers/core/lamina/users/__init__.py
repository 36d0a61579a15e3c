"""Users: accounts with an e-mail address, a username and a role."""
