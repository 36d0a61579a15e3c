"""Pictures, and what S3 does with those that are uploaded."""

import io
import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import boto3
from PIL import Image

from lamina.settings import settings
from tests.support.samples import sample

COLOURS: dict[str, tuple[int, ...]] = {"RGB": (0, 128, 128), "RGBA": (0, 128, 128, 100), "CMYK": (255, 0, 0, 100)}


def picture(form: str = "PNG", size: tuple[int, int] = (300, 200), mode: str = "RGB", **how: Any) -> bytes:
    """A picture of one colour, as a file of a form that Pillow knows."""
    made = io.BytesIO()
    Image.new(mode, size, COLOURS.get(mode, 0)).save(made, form, **how)
    return made.getvalue()


def chunk(kind: bytes, data: bytes, checksum: int | None = None) -> bytes:
    """A chunk of a PNG, with its checksum or a wrong one."""
    return struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", checksum or zlib.crc32(kind + data))


def beside(form: str, kind: bytes, data: bytes, *, last: bool = False, **how: Any) -> bytes:
    """A picture with something beside its pixels, before them or, where the form allows it, after them.

    Args:
        form: `PNG`, `JPEG`, `WEBP` or `GIF`.
        kind: what it is: the type of a PNG or WebP chunk, the marker of a JPEG segment, the label of a GIF extension.
        data: what it holds; of JPEG 65,533 bytes at most.
        last: whether it follows the pixels.
        how: see `picture`.
    """
    content = picture(form, **how)
    if form == "PNG":
        at = len(content) - 12 if last else 33
        return content[:at] + chunk(kind, data, checksum=1) + content[at:]
    if form == "JPEG":
        return content[:2] + b"\xff" + kind + struct.pack(">H", len(data) + 2) + data + content[2:]
    if form == "WEBP":
        return _webp_beside(content, kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2), last=last)
    blocks = b"".join(bytes([len(part)]) + part for part in (data[at : at + 255] for at in range(0, len(data), 255)))
    at = 13 + (3 << (content[10] & 7) + 1 if content[10] & 0x80 else 0)
    return content[:at] + b"!" + kind + blocks + b"\0" + content[at:]


def _webp_beside(content: bytes, added: bytes, *, last: bool) -> bytes:
    width, height = Image.open(io.BytesIO(content)).size
    size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    pixels = content[12:]
    body = b"VP8X" + struct.pack("<IB3x", 10, 0b101100) + size + (pixels + added if last else added + pixels)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


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
    event = json.loads(message["body"])
    records = []
    for number, form in enumerate(forms):
        detail = event["detail"] | {"object": event["detail"]["object"] | {"key": form["fields"]["key"]}}
        records.append(message | {"messageId": f"message-{number}", "body": json.dumps(event | {"detail": detail})})
    return {"Records": records}


def files(prefix: str = "") -> list[str]:
    """The keys of the files in the bucket."""
    found = boto3.client("s3").list_objects_v2(Bucket=settings().files, Prefix=prefix)
    return [each["Key"] for each in found.get("Contents", [])]
