"""Activities: what has happened to each user, by month, for as long as it is kept."""
