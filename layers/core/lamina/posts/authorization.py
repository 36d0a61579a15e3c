"""Authorization of changes to posts, decided on the stored post."""

from lamina.access.policy import Action, Caller, require
from lamina.posts.model import Post


def require_create(caller: Caller, author_id: str | None) -> None:
    """Refuse the creation of a post by a caller who may not create one, or not for this author.

    Args:
        caller: the caller.
        author_id: the author that is named; None for the caller.

    Raises:
        Forbidden: if it is refused.
    """
    require(caller, Action.POST_CREATE)
    if author_id not in (None, caller.user_id):
        require(caller, Action.POST_SET_AUTHOR)


def require_change(caller: Caller, before: Post, after: Post | None = None) -> None:
    """Refuse a change of a post that the caller may not make: authors change their posts, admins all of them.

    Args:
        caller: the caller.
        before: the stored post.
        after: the post after the change, if it is known.

    Raises:
        Forbidden: if the caller may not change the post, or set its author.
    """
    require(caller, Action.POST_UPDATE, owner_id=before.author_id)
    if after is not None and after.author_id != before.author_id:
        require(caller, Action.POST_SET_AUTHOR)


def require_delete(caller: Caller, post: Post) -> None:
    """Refuse the deletion of a post that the caller may not delete.

    Raises:
        Forbidden: if the caller is neither its author nor may delete posts of others.
    """
    require(caller, Action.POST_DELETE, owner_id=post.author_id)
