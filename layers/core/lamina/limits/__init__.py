"""How often somebody may ask: limits that all instances share."""
