"""Full-text search of posts: an inverted index in the table (docs/decisions/post-search.md)."""
