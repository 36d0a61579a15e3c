"""What a query asks for.

Words are separated by spaces. A post need not have every word, but is ranked by how many it has. A word may have
several parts (`node.js`, or the pairs of characters of a Japanese one); a post has it if it has all of them. The last
part of the query may be the beginning of a word.
"""

from dataclasses import dataclass

from lamina.posts.search.tokenizer import Token, tokens

MAX_CHARACTERS = 500
MAX_PARTS = 12
"""Maximum number of parts: each costs a Query. The rest of a longer query is ignored."""


@dataclass(frozen=True)
class Part:
    """A part of a word.

    Attributes:
        term: the term that a post must have.
        word: the word as it was written, without case and accents.
        is_beginning: whether words that begin with it match too.
    """

    term: str
    word: str
    is_beginning: bool = False


type Word = tuple[Part, ...]


def parse(text: str) -> list[Word]:
    """Return the words of a query, each once; none if it has no letters and digits."""
    written = [list(tokens(chunk, alone=False)) for chunk in text[:MAX_CHARACTERS].split()]
    written = [each for each in written if each]
    words: dict[Word, None] = {}
    left = MAX_PARTS
    for number, each in enumerate(written, start=1):
        is_last = number == len(written)
        parts = dict.fromkeys(_part(token, is_last and token is each[-1]) for token in each)
        word = tuple(parts)[:left]
        left -= len(word)
        if word:
            words[word] = None
    return list(words)


def _part(token: Token, is_last: bool) -> Part:
    return Part(token.term, token.word, is_beginning=is_last or token.is_single)
