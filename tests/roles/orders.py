"""Orders, for the tests that cover every function."""

NOBODYS = {"order", "order_event"}
"""Orders are accounts of a business, which outlive their customer: of whom they hold an id that names nobody then."""
