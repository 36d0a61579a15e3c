"""A corpus with the word frequencies of real text.

Words follow Zipf's law; a word that a post has once is likelier to come again (Simon, "On a class of skew distribution
functions", 1955), as in real text, where words come in bursts; lengths are log-normal.
"""

import random
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

from lamina.posts.search.vectors import Vector, vector_from

VOCABULARY = 300_000
REPEATED = 0.35
"""Share of words that repeat an earlier word of the post."""
MEDIAN_LENGTH = 150
SPREAD = 0.7
"""Standard deviation of the logarithm of the length: the middle half of all posts has 94 to 240 words."""
STOP_WORDS = 100
"""The most frequent words, which queries do not consist of."""


class Corpus:
    """Posts, one after the other, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        """Create a corpus."""
        self._random = random.Random(seed)  # noqa: S311 (a benchmark, not a secret)
        self._words = [f"w{rank:06}x" for rank in range(VOCABULARY)]
        self._weights = list(accumulate(1 / (rank + 2.7) for rank in range(VOCABULARY)))

    def post(self) -> Vector:
        """Return the vector of the next post."""
        length = max(1, round(self._random.lognormvariate(0, SPREAD) * MEDIAN_LENGTH))
        fresh = iter(self._random.choices(self._words, cum_weights=self._weights, k=length))
        text: list[str] = []
        for _ in range(length):
            text.append(self._random.choice(text) if text and self._random.random() < REPEATED else next(fresh))
        counts = Counter(text)
        return vector_from(Counter(), Counter(), counts, {word: (word,) for word in counts})

    def queries(self, posts: Sequence[Vector], words: int, number: int) -> list[str]:
        """Return queries, each of different words of one post, none of them a stop word."""
        having = [[word for word in post.terms if int(word[1:-1]) >= STOP_WORDS] for post in posts]
        enough = [each for each in having if len(each) >= words]
        return [" ".join(self._random.sample(self._random.choice(enough), words)) for _ in range(number)]
