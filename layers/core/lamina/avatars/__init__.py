"""Avatars: pictures of users, from the upload to the public URL."""
