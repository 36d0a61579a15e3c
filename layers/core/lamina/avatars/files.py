"""Files in the bucket."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import batched

import boto3
from botocore.exceptions import ClientError

from lamina.aws import CALLS
from lamina.settings import settings

MOST_DELETED = 1000
"""Maximum number of objects per DeleteObjects."""
FOREVER = "public, max-age=31536000, s-maxage=86400, immutable"
"""How long an avatar may be cached: its name never refers to a different picture. Shared caches drop it within a day,
so that a deleted avatar disappears soon."""

_files = boto3.client("s3", config=CALLS)


@dataclass(frozen=True)
class Stored:
    """A file and its metadata."""

    content: bytes
    notes: Mapping[str, str]


def read(key: str) -> Stored | None:
    """Return a file; None if it does not exist."""
    try:
        answer = _files.get_object(Bucket=settings().files, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
    return Stored(answer["Body"].read(), answer["Metadata"])


def publish(key: str, content: bytes) -> None:
    """Write an avatar. It is encrypted by S3, because the CloudFront distribution cannot use a KMS key."""
    _files.put_object(
        Bucket=settings().files,
        Key=key,
        Body=content,
        ContentType="image/webp",
        CacheControl=FOREVER,
        ServerSideEncryption="AES256",
    )


def keys(prefix: str) -> Iterator[str]:
    """Yield the keys with a prefix, in order, with one call per thousand."""
    pages = _files.get_paginator("list_objects_v2").paginate(Bucket=settings().files, Prefix=prefix)
    for page in pages:
        yield from (found["Key"] for found in page.get("Contents", []))


def delete(*doomed: str) -> None:
    """Delete files that may or may not exist, with one call per thousand.

    Raises:
        RuntimeError: if S3 did not delete all of them.
    """
    for some in batched(doomed, MOST_DELETED, strict=False):
        answer = _files.delete_objects(
            Bucket=settings().files, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True}
        )
        if answer.get("Errors"):
            raise RuntimeError(f"{len(answer['Errors'])} files were not deleted: {answer['Errors'][0]['Code']}")
