"""The single table: items and keys, transactions, sharded lists and cursors."""
