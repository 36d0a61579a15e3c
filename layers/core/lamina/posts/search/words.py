"""The list of words that occur in posts, by which the beginning of a word finds its completions.

A word is in the list while some post has its term. Indexing writes the terms of a post, then looks for its words;
forgetting deletes words, then looks for their terms again. If both happen at once, at least one sees what the other has
written, so that no word is missing.
"""

import re
from collections.abc import Collection, Iterable

from lamina.posts.search.items import PostWordItem, has_postings, read_words, word_key
from lamina.posts.search.tokenizer import stem
from lamina.storage.parallel import threads

_STEM = re.compile(r"[a-z]{2,}")
MAX_FORMS = 200
"""Words that are looked at to find all forms of a term."""


def learn(words: Collection[str]) -> None:
    """Add words to the list, after their terms: a consistent read, and a write for each new word."""
    keys = [word_key(word) for word in words]
    known = {item.sk for item in PostWordItem.batch_get(keys, consistent_read=True)} if keys else set()
    _put(word for word in words if word not in known)


def forget(words: Collection[str]) -> None:
    """Remove those words from the list whose term no post has any more, in all forms, after the terms are deleted."""
    terms = _unused({stem(word) for word in words})
    forms = {word for word in words if stem(word) in terms}
    forms |= {form for each in threads.map(_other_forms, terms) for form in each}
    with PostWordItem.batch_write() as batch:
        for form in forms:
            batch.delete(PostWordItem(*word_key(form)))
    still_unused = _unused(terms)
    _put(form for form in forms if stem(form) not in still_unused)


def _unused(terms: Collection[str]) -> set[str]:
    """Return the terms that no post has: a consistent read for each."""
    return {term for term, is_used in zip(terms, threads.map(has_postings, terms), strict=True) if not is_used}


def _other_forms(term: str) -> list[str]:
    """Return the words of an English term that begin like it, but for a last letter that changes (`happi`, `happy`)."""
    return [word for word in read_words(term[:-1], MAX_FORMS) if stem(word) == term] if _STEM.fullmatch(term) else []


def _put(words: Iterable[str]) -> None:
    with PostWordItem.batch_write() as batch:
        for word in words:
            batch.save(PostWordItem(*word_key(word)))
