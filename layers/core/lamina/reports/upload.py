"""Uploads a file to S3 in parts while it is written; it becomes visible only when complete."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

import boto3
from botocore.config import Config

from lamina.aws import CALLS
from lamina.observability.logs import log_unavailable
from lamina.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART_BYTES = 8 * 1024 * 1024
"""Part size: at least 5 MiB, and at most 10,000 parts: 78 GiB (S3 user guide, "Amazon S3 multipart upload limits")."""
_files = boto3.client("s3", config=CALLS.merge(Config(connect_timeout=2, read_timeout=8)))
"""Timeouts of a part: longer than those of other calls, but all attempts must fit into the rest of a lease."""


class Upload:
    """A file that is being written. As a context manager, it removes the parts of a failed upload."""

    def __init__(self, key: str, media_type: str, name: str) -> None:
        """Start an upload.

        Args:
            key: key of the file.
            media_type: media type of the file.
            name: name of the downloaded file.
        """
        self._bucket, self._key = settings().files, key
        self._media_type, self._disposition = media_type, f'attachment; filename="{name}"'
        self._waiting = bytearray()
        self._parts: list[CompletedPartTypeDef] = []
        self._id = ""

    def write(self, data: bytes) -> None:
        """Append to the file."""
        self._waiting += data
        while len(self._waiting) >= PART_BYTES:
            self._send(bytes(self._waiting[:PART_BYTES]))
            del self._waiting[:PART_BYTES]

    def finish(self) -> None:
        """Upload the rest and complete the file, replacing an existing one."""
        if not self._id:
            _files.put_object(
                Bucket=self._bucket,
                Key=self._key,
                Body=bytes(self._waiting),
                ContentType=self._media_type,
                ContentDisposition=self._disposition,
            )
            return
        if self._waiting:
            self._send(bytes(self._waiting))
        _files.complete_multipart_upload(
            Bucket=self._bucket, Key=self._key, UploadId=self._id, MultipartUpload={"Parts": self._parts}
        )
        self._id = ""

    def _send(self, part: bytes) -> None:
        self._id = self._id or self._begin()
        number = len(self._parts) + 1
        sent = _files.upload_part(Bucket=self._bucket, Key=self._key, UploadId=self._id, PartNumber=number, Body=part)
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})

    def _begin(self) -> str:
        begun = _files.create_multipart_upload(
            Bucket=self._bucket,
            Key=self._key,
            ContentType=self._media_type,
            ContentDisposition=self._disposition,
        )
        return begun["UploadId"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._id:
            return
        try:
            _files.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._id)
        except Exception as error:  # noqa: BLE001 (what went wrong before matters; the bucket's lifecycle sweeps the rest)
            log_unavailable(error)


def remove(key: str) -> None:
    """Delete a file, if it exists."""
    _files.delete_object(Bucket=settings().files, Key=key)
