"""The single table: items and their keys, transactions, sharded lists and their cursors."""
