"""What is indexed of a post, and the terms that it has."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lamina.posts.search.tokenizer import tokens
from lamina.posts.search.vectors import Vector, vector_from

MAX_FORMS = 8
"""Maximum number of forms of a term (`publish`, `publishing`) per post that can be found by their beginnings."""


@dataclass(frozen=True)
class Document:
    """What the index holds of a post.

    Attributes:
        post_id: id of the post.
        version: version of the post.
        title: its title.
        tags: its tags.
        text: its content as plain text.
    """

    post_id: str
    version: int
    title: str
    tags: Sequence[str]
    text: str


def vector_of(document: Document) -> Vector:
    """Return the terms of a document."""
    counts = Counter[str](), Counter[str](), Counter[str]()
    forms: dict[str, dict[str, None]] = {}
    for count, text in zip(counts, (document.title, "\n".join(document.tags), document.text), strict=True):
        for token in tokens(text):
            term = token.term
            count[term] += 1
            words = forms.setdefault(term, {})
            if len(words) < MAX_FORMS:
                words[token.word] = None
    return vector_from(*counts, {term: tuple(words) for term, words in forms.items()})
