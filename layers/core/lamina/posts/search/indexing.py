"""Updates the search index to the state of one post, or removes the post from it.

An update first stores the new vector of the post, with everything that is to be written and deleted, then does it, then
removes the note. A crash in between leaves the note, and the next update of the post does what it says, whatever it is.

Each transaction checks that the note is the one it belongs to. Once another update has replaced it, the former can
neither write nor delete anything: two updates at once, in any order, end with the newer version of the post.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING

from lamina import ids
from lamina.errors import Conflict
from lamina.posts.search import words
from lamina.posts.search.documents import Document, vector_of
from lamina.posts.search.items import IndexedPostItem, PostTermItem, indexed_key, posting
from lamina.posts.search.vectors import WORD, Entry, Vector, decode, encode, pack, unpack
from lamina.storage import conditional, transactions
from lamina.storage.transactions import MAX_ITEMS, ConditionFailed

if TYPE_CHECKING:
    from pynamodb.expressions.update import Action

ATTEMPTS = 5
GONE = 2**53
"""The version of a post that does not exist any more."""
TOMBSTONE_SECONDS = 24 * 3600
"""How long a removed post is remembered: much longer than an update takes that has read an earlier version."""


@dataclass(frozen=True)
class Note:
    """What an update has to do.

    Attributes:
        add: entries that the index may not have.
        drop: entries that it may have, and must not.
    """

    add: frozenset[Entry] = frozenset()
    drop: frozenset[Entry] = frozenset()


NOTHING = Note()


def index(document: Document) -> None:
    """Update the index to a version of a post, unless it has a newer one. May be repeated.

    Raises:
        Conflict: if other updates of the same post kept coming first.
    """
    _bring(document.post_id, document.version, vector_of(document))


def remove(post_id: str, version: int = GONE) -> None:
    """Remove a post from the index, unless the index has a newer version than this. May be repeated.

    Args:
        post_id: id of the post.
        version: version of the post that is not to be found; by default, it does not exist any more.

    Raises:
        Conflict: if other updates of the same post kept coming first.
    """
    _bring(post_id, version, Vector())


def difference(present: Iterable[Entry], left: Note, wanted: Iterable[Entry]) -> Note:
    """Return what brings the index to the wanted entries.

    Args:
        present: entries of the stored vector.
        left: what an earlier update may not have done.
        wanted: entries of the new vector.
    """
    there, target = frozenset(present), frozenset(wanted)
    return Note(target - (there - left.add), (there | left.drop) - target)


def _bring(post_id: str, version: int, vector: Vector) -> None:
    for _ in range(ATTEMPTS):
        stored = _read(post_id)
        if stored.post_version > version:
            return
        has, left = decode(stored.vector), _note(stored)
        note = difference(has.entries(), left, vector.entries())
        is_same = stored.post_version == version and has == vector
        if is_same and note == NOTHING == left:
            return
        # A note that is the same needs no new one: whoever does what it says does the same.
        if (is_same and note == left) or _store(stored, version, vector, note):
            _carry_out(stored, vector, note)
            return
    raise Conflict


def _store(stored: IndexedPostItem, version: int, vector: Vector, note: Note) -> bool:
    """Store a vector and a note, if no other update has since the item was read."""
    stored.post_version, stored.vector = version, encode(vector)
    stored.pending = pack([sorted(note.add), sorted(note.drop)]) if note != NOTHING else None
    stored.expires_at = ids.epoch_in(TOMBSTONE_SECONDS) if not vector.terms and note == NOTHING else None
    return conditional.save(stored)


def _carry_out(stored: IndexedPostItem, vector: Vector, note: Note) -> None:
    """Do what the note says, and remove it, unless another update replaces it."""
    if note == NOTHING:
        return
    new_words = [word for word, level in note.add if level == WORD]
    try:
        _write(stored, note.add, ())
        words.learn(new_words)
        _write(stored, (), note.drop)
        words.forget([word for word, level in note.drop if level == WORD])
        is_done = _remove_note(stored, vector)
    except ConditionFailed:
        is_done = False
    if not is_done:
        # The other update may have looked for words before they were added here.
        words.forget(new_words)


def _remove_note(stored: IndexedPostItem, vector: Vector) -> bool:
    done: list[Action] = [IndexedPostItem.pending.remove()]
    if not vector.terms:
        done.append(IndexedPostItem.expires_at.set(ids.epoch_in(TOMBSTONE_SECONDS)))
    return conditional.update(stored, done, IndexedPostItem.version == stored.version)


def _write(stored: IndexedPostItem, add: Iterable[Entry], drop: Iterable[Entry]) -> None:
    """Write and delete terms.

    Raises:
        ConditionFailed: if another update has replaced the note.
    """
    post_id, is_current = stored.sk, (stored, IndexedPostItem.version == stored.version)
    for entries in batched(_terms(add), MAX_ITEMS - 1, strict=False):
        put = [(posting(entry, post_id), [PostTermItem.kind.set(PostTermItem)]) for entry in entries]
        transactions.write(update=put, check=[is_current])
    for entries in batched(_terms(drop), MAX_ITEMS - 1, strict=False):
        transactions.write(discard=[posting(entry, post_id) for entry in entries], check=[is_current])


def _terms(entries: Iterable[Entry]) -> Sequence[Entry]:
    return sorted(entry for entry in entries if entry[1] != WORD)


def _read(post_id: str) -> IndexedPostItem:
    """Return the item of a post; a new one if the index has nothing of it: one consistent read."""
    try:
        return IndexedPostItem.get(*indexed_key(post_id), consistent_read=True)
    except IndexedPostItem.DoesNotExist:
        return IndexedPostItem(*indexed_key(post_id), post_version=0, vector=encode(Vector()))


def _note(stored: IndexedPostItem) -> Note:
    packed: bytes | None = stored.pending
    if packed is None:
        return NOTHING
    add, drop = unpack(packed)
    return Note(frozenset(map(tuple, add)), frozenset(map(tuple, drop)))
