"""What the files are called: uploads, avatars, and the addresses that show these.

An avatar bears the id of the upload that it was made of. Ids sort by time, so names tell which of two is the newer, and
making the same avatar twice makes one file.
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
    """A picture that a user, or somebody for the user, was let upload."""

    user_id: str
    id: str

    @property
    def key(self) -> str:
        """Where it arrives."""
        return f"{uploads_of(self.user_id)}{self.id}"

    @property
    def avatar_key(self) -> str:
        """Where the avatar lies that it becomes."""
        return f"{avatars_of(self.user_id)}{self.id}.webp"

    @property
    def avatar_url(self) -> str:
        """Where a browser finds that avatar."""
        return f"{settings().media_url}/{self.avatar_key}"


def upload_at(key: str) -> Upload:
    """Give the upload that has this key.

    Raises:
        ValueError: for another key.
    """
    found = _UPLOAD.fullmatch(key)
    if found is None:
        raise ValueError("not the key of an upload")
    return Upload(found[1], found[2])


def uploads_of(user_id: str) -> str:
    """Give what the keys of a user's uploads begin with."""
    return f"{UPLOADS}{user_id}/"


def avatars_of(user_id: str) -> str:
    """Give what the keys of a user's avatars begin with."""
    return f"{AVATARS}{user_id}/"


def newest_key(user: User) -> str:
    """Return the key of the newest avatar that the user has had; `""` for none."""
    return max(avatar_key_of(user.avatar_url), user.last_avatar)


def avatar_key_of(url: str | None) -> str:
    """Give the key of the avatar at an address; `""` where there is none, which sorts before every key."""
    return AVATARS + url.partition(f"/{AVATARS}")[2] if url else ""
