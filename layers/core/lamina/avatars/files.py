"""The files in the bucket."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import batched

import boto3
from botocore.exceptions import ClientError

from lamina.aws import CALLS
from lamina.settings import settings

MOST_DELETED = 1000
"""Objects that DeleteObjects takes at once."""
FOREVER = "public, max-age=31536000, s-maxage=86400, immutable"
"""How long an avatar may be kept: its name never means another picture. Caches that many share let go of it within a
day, so that one that was taken back is soon to be had nowhere."""

_files = boto3.client("s3", config=CALLS)


@dataclass(frozen=True)
class Stored:
    """A file, and what its uploader has bound to it."""

    content: bytes
    notes: Mapping[str, str]


def read(key: str) -> Stored | None:
    """Read a file; None where it is no longer."""
    try:
        answer = _files.get_object(Bucket=settings().files, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
    return Stored(answer["Body"].read(), answer["Metadata"])


def publish(key: str, content: bytes) -> None:
    """Write an avatar: encrypted by S3 itself, because the distribution that shows it cannot use a key of KMS."""
    _files.put_object(
        Bucket=settings().files,
        Key=key,
        Body=content,
        ContentType="image/webp",
        CacheControl=FOREVER,
        ServerSideEncryption="AES256",
    )


def keys(prefix: str) -> Iterator[str]:
    """Yield the keys that begin so, in order; a call for each thousand."""
    pages = _files.get_paginator("list_objects_v2").paginate(Bucket=settings().files, Prefix=prefix)
    for page in pages:
        yield from (found["Key"] for found in page.get("Contents", []))


def delete(*doomed: str) -> None:
    """Delete files, also such as are gone already; a call for each thousand.

    Raises:
        RuntimeError: when S3 did not delete all of them.
    """
    for some in batched(doomed, MOST_DELETED, strict=False):
        answer = _files.delete_objects(
            Bucket=settings().files, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True}
        )
        if answer.get("Errors"):
            raise RuntimeError(f"{len(answer['Errors'])} files were not deleted: {answer['Errors'][0]['Code']}")
