"""Quality of the search of posts: how much of the best that exists it finds."""
