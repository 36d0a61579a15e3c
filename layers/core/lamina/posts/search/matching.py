"""Which posts match a query, and how well.

Of each term, the entries with the highest impact are read: they give the candidates, and an estimate of their scores.
The score itself needs the vector of a post. Both are the sum of what the words contribute (BM25), lowered if the post
does not have all words.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from lamina.posts.search import items, statistics
from lamina.posts.search.queries import Part, Word
from lamina.posts.search.statistics import Statistics
from lamina.posts.search.tokenizer import stem
from lamina.posts.search.vectors import Vector, weight_of
from lamina.storage.parallel import threads

READ = 1_000
"""Entries read of a term: 60 KB."""
READ_WORDS = 200
"""Words looked at to find completions of the beginning of a word."""
COMPLETIONS = 32
"""Completions used, at most: each costs a Query."""
READ_COMPLETION = 100
"""Entries read of each."""
COVERAGE = 0.2
"""Exponent of the share of the words that a post has, by which its score is multiplied: BM25 alone often ranks a post
that has one word several times above those that have all."""
COMPLETION_WEIGHT = 0.8
"""Weight of a word that only begins like the one in the query."""


@dataclass(frozen=True)
class Postings:
    """Entries of a term, those with the highest impact first.

    Attributes:
        found: posts and their levels.
        is_complete: whether these are all.
    """

    found: Sequence[tuple[str, int]]
    is_complete: bool


@dataclass(frozen=True)
class Matches:
    """The posts that have a part of a word.

    Attributes:
        rarity: the terms that match, with the weight that the rarity of each gives it.
        scores: what the part contributes to each post, about.
        is_complete: whether these are all posts that have it.
    """

    rarity: dict[str, float]
    scores: dict[str, float]
    is_complete: bool

    def exact(self, vector: Vector, average_length: float) -> float:
        """Return what the part contributes to the post with this vector; 0 if the post does not have it."""
        return max(rarity * vector.weight(term, average_length) for term, rarity in self.rarity.items())


@dataclass(frozen=True)
class Matcher:
    """What was read for a query.

    Attributes:
        words: the words of the query.
        matches: the posts that have each part of them.
        average_length: the average length of a post.
    """

    words: Sequence[Word]
    matches: dict[Part, Matches]
    average_length: float

    def terms(self) -> set[str]:
        """Return all terms that match some part."""
        return {term for matches in self.matches.values() for term in matches.rarity}

    def candidates(self) -> list[str]:
        """Return the posts that may match, by the estimate of their scores; of equal ones, the newest first."""
        total, matched = defaultdict[str, float](float), Counter[str]()
        for word in self.words:
            parts = [self.matches[part] for part in word]
            for post_id in set().union(*(part.scores for part in parts)):
                if all(post_id in part.scores or not part.is_complete for part in parts):
                    total[post_id] += sum(part.scores.get(post_id, 0.0) for part in parts)
                    matched[post_id] += 1
        return sorted(
            total, key=lambda post_id: (total[post_id] * self._share(matched[post_id]), post_id), reverse=True
        )

    def score(self, vector: Vector) -> float:
        """Return the score of a post; 0 if it has none of the words."""
        total, matched = 0.0, 0
        for word in self.words:
            parts = [self.matches[part].exact(vector, self.average_length) for part in word]
            if all(parts):
                total += sum(parts)
                matched += 1
        return total * self._share(matched)

    def _share(self, matched: int) -> float:
        return float((matched / len(self.words)) ** COVERAGE)


def matcher_of(words: Sequence[Word]) -> Matcher:
    """Read what is known of the terms of a query: a Query for each, in parallel, and for completions."""
    parts = list(dict.fromkeys(chain.from_iterable(words)))
    expected = threads.submit(statistics.current)
    beginnings = {part: threads.submit(items.read_words, part.word, READ_WORDS) for part in parts if part.is_beginning}
    postings = _read((part.term for part in parts), READ)
    known = expected.result()
    room = COMPLETIONS // max(len(beginnings), 1)
    completed = {part: _completions(part, found.result(), known)[:room] for part, found in beginnings.items()}
    postings = _read(chain.from_iterable(completed.values()), READ_COMPLETION) | postings
    posts = max([known.posts, *(len(each.found) for each in postings.values())])
    matches = {part: _matches(part.term, completed.get(part, []), postings, known, posts) for part in parts}
    return Matcher(words, matches, known.average_length)


def _read(terms: Iterable[str], count: int) -> dict[str, Postings]:
    chosen = list(dict.fromkeys(terms))
    found = threads.map(partial(items.read_postings, count=count), chosen)
    return {term: Postings(*each) for term, each in zip(chosen, found, strict=True)}


def _completions(part: Part, words: Iterable[str], known: Statistics) -> list[str]:
    """Return the other terms of words that begin like a part: the most frequent first, then those of short words."""
    shortest = sorted(words, key=lambda word: (len(word), word))
    terms = [*(term for term in known.frequent if term.startswith(part.word)), *map(stem, shortest)]
    return [term for term in dict.fromkeys(terms) if term != part.term]


def _matches(
    term: str, completions: Sequence[str], postings: dict[str, Postings], known: Statistics, posts: int
) -> Matches:
    """Return the posts that have a term, or one of its completions; these are as rare as all of them together."""
    counts = {each: _count(each, postings[each], known) for each in (term, *completions)}
    rarity = {term: _rarity(counts[term], posts)}
    rarity |= dict.fromkeys(completions, COMPLETION_WEIGHT * _rarity(sum(counts.values()), posts))
    scores: dict[str, float] = {}
    for each, factor in rarity.items():
        for post_id, level in postings[each].found:
            scores[post_id] = max(scores.get(post_id, 0.0), factor * weight_of(level))
    return Matches(rarity, scores, all(postings[each].is_complete for each in rarity))


def _count(term: str, postings: Postings, known: Statistics) -> int:
    """Return the number of posts that have a term; about, if there are more than were read."""
    read = len(postings.found)
    return read if postings.is_complete else max(read, known.frequent.get(term, 0))


def _rarity(count: int, posts: int) -> float:
    """Return the weight of a term in this number of posts (BM25's inverse document frequency, as in Lucene)."""
    within = min(count, posts)
    return math.log1p((posts - within + 0.5) / (within + 0.5))
