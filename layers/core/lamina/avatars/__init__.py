"""Avatars: pictures of users, from the upload to the address that shows them."""
