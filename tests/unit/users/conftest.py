"""Fixtures of the users' tests."""

from tests.unit.storage.fake_table import fake_table

__all__ = ["fake_table"]
