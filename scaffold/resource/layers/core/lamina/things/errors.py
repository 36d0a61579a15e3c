"""Errors of things."""

from lamina.errors import NotFound


class ThingNotFound(NotFound):
    """There is no such thing."""

    message = "There is no such thing."
