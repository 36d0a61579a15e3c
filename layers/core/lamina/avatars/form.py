"""The form by which a picture is uploaded to S3 at once, past the API, and no other file can be.

S3 checks the signed policy: the key, the type, the size, and until when (S3 API reference, "POST policy").
"""

from dataclasses import dataclass
from enum import StrEnum

import boto3
from botocore.config import Config

from lamina import ids
from lamina.avatars.names import Upload
from lamina.aws import CALLS
from lamina.events.request_context import RequestContext
from lamina.settings import settings

MAX_BYTES = 2 * 1024 * 1024
GOOD_FOR_SECONDS = 10 * 60

# By its region's own host name and signature, for the global one redirects while a bucket is new
# (S3 user guide, "Virtual hosting of buckets").
_files = boto3.client("s3", config=CALLS.merge(Config(signature_version="s3v4", s3={"addressing_style": "virtual"})))


class MediaType(StrEnum):
    """What can be uploaded."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    GIF = "image/gif"


@dataclass(frozen=True)
class UploadForm:
    """A form to be sent as `multipart/form-data`: these fields first, then the file as `file`.

    Attributes:
        url: where to.
        fields: to be sent as they are.
        max_bytes: what the file may have.
        expires_at: until when it is taken, RFC 3339 UTC.
    """

    url: str
    fields: dict[str, str]
    max_bytes: int
    expires_at: str


def upload_form(user_id: str, media_type: MediaType, context: RequestContext) -> UploadForm:
    """Sign a form for one picture of a user; it takes the `s3:PutObject` of whoever signs.

    Args:
        user_id: whose avatar it shall become.
        media_type: what the file will be.
        cause: who and what request asks; the file carries both, for the event that it leads to.
    """
    upload = Upload(user_id, ids.new_id())
    bound = {
        "Content-Type": media_type.value,
        "x-amz-meta-actor": context.actor or "",
        "x-amz-meta-correlation-id": context.correlation_id,
    }
    expires_at = ids.ahead(GOOD_FOR_SECONDS)
    signed = _files.generate_presigned_post(
        settings().files,
        upload.key,
        Fields=dict(bound),
        Conditions=[*({name: value} for name, value in bound.items()), ["content-length-range", 1, MAX_BYTES]],
        ExpiresIn=GOOD_FOR_SECONDS,
    )
    return UploadForm(signed["url"], signed["fields"], MAX_BYTES, expires_at)
