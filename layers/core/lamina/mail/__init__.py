"""Mail: what is written to whom, when something has happened."""
