"""The cost of each access pattern as the table grows."""
