"""Fixtures of the storage tests."""

from tests.unit.storage.fake_table import fake_index, fake_table

__all__ = ["fake_index", "fake_table"]
