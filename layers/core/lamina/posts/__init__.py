"""Posts: Markdown articles with a publish flow, slugs, tags and full-text search."""
