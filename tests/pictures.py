"""Pictures, and what S3 does with those that are uploaded."""

import io
import json
from collections.abc import Mapping
from typing import Any

import boto3
from PIL import Image

from lamina.settings import settings
from tests.samples import sample

COLOURS: dict[str, tuple[int, ...]] = {"RGB": (0, 128, 128), "RGBA": (0, 128, 128, 100), "CMYK": (255, 0, 0, 100)}


def picture(form: str = "PNG", size: tuple[int, int] = (300, 200), mode: str = "RGB", **how: Any) -> bytes:
    """A picture of one colour, as a file of a form that Pillow knows."""
    made = io.BytesIO()
    Image.new(mode, size, COLOURS.get(mode, 0)).save(made, form, **how)
    return made.getvalue()


def upload(form: Mapping[str, Any], content: bytes) -> None:
    """Put a file where a form puts it, with what the form binds to it."""
    fields = form["fields"]
    notes = {
        name.removeprefix("x-amz-meta-"): value for name, value in fields.items() if name.startswith("x-amz-meta-")
    }
    boto3.client("s3").put_object(
        Bucket=settings().files, Key=fields["key"], Body=content, ContentType=fields["Content-Type"], Metadata=notes
    )


def arrived(*forms: Mapping[str, Any]) -> dict[str, Any]:
    """The batch in which S3 tells of the files that these forms have put."""
    (message,) = sample("consumers/process_avatar")["Records"]
    told = json.loads(message["body"])
    records = []
    for number, form in enumerate(forms):
        detail = told["detail"] | {"object": told["detail"]["object"] | {"key": form["fields"]["key"]}}
        records.append(message | {"messageId": f"message-{number}", "body": json.dumps(told | {"detail": detail})})
    return {"Records": records}


def files(prefix: str = "") -> list[str]:
    """The keys of the files in the bucket."""
    found = boto3.client("s3").list_objects_v2(Bucket=settings().files, Prefix=prefix)
    return [each["Key"] for each in found.get("Contents", [])]
