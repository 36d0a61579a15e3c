"""Builds what is measured, as it would be shipped."""
