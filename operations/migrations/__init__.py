"""Changes stored items, one migration after the other, while the stack serves (docs/changing-data.md)."""
