"""What breaks first on the way to many requests a second, and what setting moves it."""
