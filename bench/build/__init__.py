"""Builds the contenders as they would be shipped."""
