"""Keys and URLs of uploads and avatars.

An avatar has the id of the upload it was made from. Ids sort by time, so names tell which of two avatars is newer, and
processing an upload twice writes the same file.
"""

import re
from dataclasses import dataclass

from lamina import ids
from lamina.settings import settings
from lamina.users.model import User

UPLOADS = "uploads/"
AVATARS = "avatars/"
_UPLOAD = re.compile(rf"{UPLOADS}({ids.PATTERN.strip('^$')})/({ids.PATTERN.strip('^$')})")


@dataclass(frozen=True)
class Upload:
    """A picture uploaded by or for a user."""

    user_id: str
    id: str

    @property
    def key(self) -> str:
        """Key of the upload."""
        return f"{uploads_of(self.user_id)}{self.id}"

    @property
    def avatar_key(self) -> str:
        """Key of the avatar made from it."""
        return f"{avatars_of(self.user_id)}{self.id}.webp"

    @property
    def avatar_url(self) -> str:
        """Public URL of the avatar."""
        return f"{settings().media_url}/{self.avatar_key}"


def upload_at(key: str) -> Upload:
    """Return the upload with this key.

    Raises:
        ValueError: if it is not the key of an upload.
    """
    found = _UPLOAD.fullmatch(key)
    if found is None:
        raise ValueError("not the key of an upload")
    return Upload(found[1], found[2])


def uploads_of(user_id: str) -> str:
    """Return the key prefix of a user's uploads."""
    return f"{UPLOADS}{user_id}/"


def avatars_of(user_id: str) -> str:
    """Return the key prefix of a user's avatars."""
    return f"{AVATARS}{user_id}/"


def newest_key(user: User) -> str:
    """Return the key of the newest avatar that the user has ever had; `""` for none."""
    return max(avatar_key_of(user.avatar_url), user.last_avatar)


def avatar_key_of(url: str | None) -> str:
    """Return the key of the avatar at a URL; `""` for none, which sorts before every key."""
    return AVATARS + url.partition(f"/{AVATARS}")[2] if url else ""
