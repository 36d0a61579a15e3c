"""Releases: what happens before a new version of a function gets traffic."""
