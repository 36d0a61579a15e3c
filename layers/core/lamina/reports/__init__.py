"""Reports: what is in the table, written to a file."""
