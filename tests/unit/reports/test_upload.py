"""Files that are sent in parts: whole or not at all."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lamina.reports.upload import PART_BYTES, Upload, remove
from lamina.settings import settings

pytestmark = pytest.mark.usefixtures("aws")

KEY = "reports/one.csv"


@pytest.fixture(autouse=True)
def s3(aws: None) -> Any:  # noqa: ARG001 (a fixture that must be there)
    client = boto3.client("s3")
    yield client
    for found in client.list_objects_v2(Bucket=settings().files).get("Contents", []):
        client.delete_object(Bucket=settings().files, Key=found["Key"])


def upload() -> Upload:
    return Upload(KEY, "text/csv", "users.csv")


def unfinished(s3: Any) -> list[Any]:
    uploads: list[Any] = s3.list_multipart_uploads(Bucket=settings().files).get("Uploads", [])
    return uploads


def content(s3: Any) -> bytes:
    body: bytes = s3.get_object(Bucket=settings().files, Key=KEY)["Body"].read()
    return body


def test_a_small_file_is_one_call(s3: Any) -> None:
    with upload() as file:
        file.write(b"head\r\n")
        file.write(b"row\r\n")
        file.finish()
    stored = s3.get_object(Bucket=settings().files, Key=KEY)
    assert stored["Body"].read() == b"head\r\nrow\r\n"
    assert (stored["ContentType"], stored["ContentDisposition"]) == ("text/csv", 'attachment; filename="users.csv"')
    assert '"' in stored["ETag"]
    assert "-" not in stored["ETag"]


@pytest.mark.parametrize("size", [PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 5, 3 * PART_BYTES])
def test_a_large_file_goes_in_parts_and_comes_out_as_it_went_in(s3: Any, size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    with upload() as file:
        for start in range(0, size, 1_000_003):
            file.write(data[start : min(start + 1_000_003, size)])
        file.finish()
    assert content(s3) == data[:size]
    assert s3.head_object(Bucket=settings().files, Key=KEY)["ContentType"] == "text/csv"
    assert unfinished(s3) == []


def break_off(before: Callable[[], None]) -> None:
    """Begin a file, send a part of it, do something, and break."""
    with upload() as file:
        file.write(bytes(PART_BYTES))
        before()
        raise OSError("broken")


def test_of_a_file_that_is_broken_off_nothing_is_left(s3: Any) -> None:
    begun: list[Any] = []
    with pytest.raises(OSError, match="broken"):
        break_off(lambda: begun.extend(unfinished(s3)))
    assert len(begun) == 1
    assert unfinished(s3) == []
    with pytest.raises(ClientError):
        content(s3)


def test_what_broke_it_off_is_what_is_raised_even_when_tidying_up_fails(s3: Any) -> None:
    def tidy() -> None:
        (begun,) = unfinished(s3)
        s3.abort_multipart_upload(Bucket=settings().files, Key=KEY, UploadId=begun["UploadId"])

    with pytest.raises(OSError, match="broken"):
        break_off(tidy)


def test_a_file_that_is_written_again_takes_the_place_of_the_first(s3: Any) -> None:
    for text in (b"one", b"two"):
        with upload() as file:
            file.write(text)
            file.finish()
    assert content(s3) == b"two"


def test_removing_what_is_not_there_is_no_failure() -> None:
    remove("reports/nothing.csv")
