"""Upload forms: a picture is uploaded directly to S3, restricted by a signed policy.

S3 checks key, content type, size and expiry (S3 API reference, "POST policy").
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

# Use the regional endpoint and its signature: the global one redirects while a bucket is new
# (S3 user guide, "Virtual hosting of buckets").
_files = boto3.client("s3", config=CALLS.merge(Config(signature_version="s3v4", s3={"addressing_style": "virtual"})))


class MediaType(StrEnum):
    """Accepted media types."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    GIF = "image/gif"


@dataclass(frozen=True)
class UploadForm:
    """A form to be sent as `multipart/form-data`: these fields first, then the file as `file`.

    Attributes:
        url: target URL.
        fields: form fields to send unchanged.
        max_bytes: maximum size of the file.
        expires_at: expiry of the form, RFC 3339 UTC.
    """

    url: str
    fields: dict[str, str]
    max_bytes: int
    expires_at: str


def upload_form(user_id: str, media_type: MediaType, context: RequestContext) -> UploadForm:
    """Return a signed form for one picture of a user. The signer needs `s3:PutObject`.

    Args:
        user_id: the user whose avatar is uploaded.
        media_type: media type of the file.
        context: the request; its actor and correlation id are stored with the file, for the event that follows.
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
