"""Restores the table into a new one, and verifies what came back (docs/disaster.md)."""
