"""Accounts: registration, address verification, passwords and changes of address."""
