"""Purges the posts of a user."""

from lamina.posts.items import CREATED, LatestPostsItem, latest_key, list_partitions, post_key
from lamina.posts.model import State
from lamina.posts.repository import get, slugs_of
from lamina.posts.search import indexing as search
from lamina.storage.batch_deletion import BatchDeletion
from lamina.storage.item import Entry
from lamina.storage.keys import identifier_of


def purge(user_id: str, deletion: BatchDeletion) -> None:
    """Delete the posts of a purged user, with their slugs and what the search index has of them.

    The post itself is deleted after everything else of it, so that an interrupted run can be continued. Meanwhile its
    slugs are free, and may be those of other posts when the run continues.

    Raises:
        Interrupted: if time runs out before all are deleted.
    """
    for state in State:
        _, (partition,) = list_partitions(CREATED, state, author_id=user_id)
        for entry in Entry.gsi2.query(partition):
            deletion.check_time()
            _purge_post(identifier_of(entry.gsisk), deletion)
    deletion.remove("latest posts", LatestPostsItem.query(latest_key(user_id)[0]))


def _purge_post(post_id: str, deletion: BatchDeletion) -> None:
    if not deletion.dry_run:
        search.remove(post_id)
    post = get(post_id)
    slugs = slugs_of(post) if post else []
    partition, position = post_key(post_id)
    parts = (entry for entry in Entry.query(partition) if entry.sk != position)
    deletion.remove("items of posts", parts)
    deletion.remove("slugs of posts", [Entry(slug.pk, slug.sk) for slug in slugs])
    deletion.remove("posts", [Entry(partition, position)])
