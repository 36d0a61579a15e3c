"""Accounts: registration, proof of an address, passwords and changes of address."""
