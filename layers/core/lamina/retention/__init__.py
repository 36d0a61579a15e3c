"""How long is kept what nobody has any more: the end of users, and of all that was theirs."""
