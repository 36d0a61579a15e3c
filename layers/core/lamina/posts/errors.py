"""Errors of posts."""

from lamina.errors import Conflict, Forbidden, NotFound, RuleViolated


class PostNotFound(NotFound):
    """The post does not exist, or the caller may not know that it does."""

    message = "The post was not found."


class SlugTaken(Conflict):
    """Another post has, or had, this slug."""

    code = "SLUG_TAKEN"
    message = "Another post uses this slug. Choose another one, or omit it to derive it from the title."


class TooManySlugs(RuleViolated):
    """The post has kept as many old slugs as it may."""

    code = "TOO_MANY_SLUGS"
    message = "This post has had too many slugs. Use one of its previous slugs, or create a new post."


class AuthorNotFound(RuleViolated):
    """The user named as the author does not exist."""

    code = "AUTHOR_NOT_FOUND"
    message = "The author was not found. Set author_id to the id of an existing user."


CHANGE_ERRORS = (Forbidden, PostNotFound, AuthorNotFound, SlugTaken, TooManySlugs, Conflict)
"""Every error of a request to change a post, beyond those of its input."""
