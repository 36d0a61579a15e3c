"""Queue of S3 notifications → table and bucket: turn an uploaded picture into the user's avatar."""

from collections.abc import Mapping, Sequence
from typing import Any

from lamina.avatars.names import Upload, upload_at
from lamina.avatars.processing import follow
from lamina.events.batch_consumer import bulk_consumer


def _upload(event: Mapping[str, Any]) -> Upload:
    return upload_at(event["object"]["key"])


def _follow_all(uploads: Sequence[Upload]) -> None:
    for upload in uploads:
        follow(upload)


handler = bulk_consumer(_upload, _follow_all)
