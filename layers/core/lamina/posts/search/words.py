"""The list of words that occur in posts, by which the beginning of a word finds its completions.

A word is in the list while some post has its term. Indexing writes the terms of a post, then looks for its words;
forgetting deletes a word, then looks for its term again. If both happen at once, at least one sees what the other has
written, so that no word is missing.
"""

from collections.abc import Collection, Iterable

from lamina.posts.search.items import PostWordItem, has_postings, word_key
from lamina.posts.search.tokenizer import stem
from lamina.storage.parallel import threads


def learn(words: Collection[str]) -> None:
    """Add words to the list, after their terms: a consistent read, and a write for each new word."""
    keys = [word_key(word) for word in words]
    known = {item.sk for item in PostWordItem.batch_get(keys, consistent_read=True)} if keys else set()
    _put(word for word in words if word not in known)


def forget(words: Collection[str]) -> None:
    """Remove those words from the list whose term no post has any more, after the terms of the post are deleted."""
    unused = [word for word, is_used in zip(words, threads.map(_is_used, words), strict=True) if not is_used]
    with PostWordItem.batch_write() as batch:
        for word in unused:
            batch.delete(PostWordItem(*word_key(word)))
    _put(word for word, is_used in zip(unused, threads.map(_is_used, unused), strict=True) if is_used)


def _is_used(word: str) -> bool:
    return has_postings(stem(word))


def _put(words: Iterable[str]) -> None:
    with PostWordItem.batch_write() as batch:
        for word in words:
            batch.save(PostWordItem(*word_key(word)))
