"""Things, which every signed-in caller may read."""
