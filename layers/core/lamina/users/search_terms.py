"""The words by which a user can be found: those of name, username and e-mail address.

Public words and those of the e-mail address are in separate lists.
"""

from lamina.search_terms import fold, words
from lamina.users.model import User

MAX_PUBLIC_WORDS = 33
MAX_EMAIL_WORDS = 14
"""Maximum number of entries per user. A change of all of them must fit into one transaction, with the other items."""


def public_words(user: User) -> list[str]:
    """Return the words by which everybody can find the user."""
    return words([user.username, user.name], MAX_PUBLIC_WORDS)


def email_words(user: User) -> list[str]:
    """Return the words by which only callers who may see the e-mail address can find the user.

    The top-level domain is none of them: half of all addresses end in `com`.
    """
    top_level = fold(user.email).rpartition(".")[2]
    return [word for word in words([user.email], MAX_EMAIL_WORDS) if word != top_level]
