"""Reports on the contents of the table, written to files."""
