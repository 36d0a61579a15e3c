"""Removes the metadata of a picture file before it is decoded, except the EXIF orientation.

Decoders refuse a whole picture because of a wrong checksum in a comment or a malformed EXIF record, which cameras and
editors write frequently. None of these data are needed.
"""

import struct
from collections.abc import Callable, Iterator

from PIL import Image

ORIENTATION = 0x0112
UPRIGHT = 1
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT")
"""Chunks with pixel data (PNG, third edition, section 11). Of an animation (`acTL`, `fcTL`, `fdAT`), only the first
picture is kept."""
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_JPEG = b"\xff\xd8"
_JPEG_SCAN = 0xDA
_JPEG_COMMENT = 0xFE
_JPEG_APP = range(0xE0, 0xF0)
_JPEG_EXIF = b"Exif\0\0"
_JPEG_COLOURS = {0xE0: (b"JFIF\0", 14), 0xEE: (b"Adobe", 12)}
"""Application segments that define the coding of pixels, with their minimum length (ITU-T T.871 and T.872)."""
_GIF_EXTENSION = 0x21
_GIF_CONTROL = b"\x21\xf9\x04"
"""Graphic control extension: the only extension that affects pixels (GIF89a, section 23)."""

type Parts = Iterator[tuple[bytes, bytes]]
"""Parts of a file with pixel data, each with the EXIF record that it replaces, if any."""


def without_metadata(content: bytes) -> tuple[bytes, bytes]:
    """Return a picture file without metadata, and its EXIF record (`b""` if there is none).

    WebP is returned unchanged, because its decoder skips metadata; so is anything that is not a picture.
    """
    read = next((read for start, read in _READERS.items() if content.startswith(start)), None)
    if read is None:
        return content, b""
    kept, exif = [], b""
    for part, record in read(content):
        kept.append(part)
        exif = exif or record
    return b"".join(kept), exif


def orientation(exif: bytes) -> int:
    """Return the orientation in an EXIF record, from 1 to 8; 1 (upright) if there is none."""
    tags = Image.Exif()
    try:
        tags.load(exif)
        stated = tags.get(ORIENTATION)
    except Exception:  # noqa: BLE001 (Pillow raises whatever comes to hand on records that it does not expect)
        return UPRIGHT
    return stated if isinstance(stated, int) and 1 <= stated <= 8 else UPRIGHT  # noqa: PLR2004 (as EXIF counts them)


def _png(content: bytes) -> Parts:
    yield _PNG, b""
    at = len(_PNG)
    while at + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if kind == b"IEND":
            break
        if kind in _PNG_PIXELS:
            yield content[at:end], b""
        elif kind == b"eXIf":
            yield b"", content[at + 8 : end - 4]
        at = end
    yield _PNG_END, b""


def _jpeg(content: bytes) -> Parts:
    yield _JPEG, b""
    at = len(_JPEG)
    while at + 4 <= len(content) and content[at] == 0xFF:  # noqa: PLR2004 (every marker begins so: ITU-T T.81, B.1.1.2)
        marker, length = struct.unpack_from(">xBH", content, at)
        if marker == 0xFF:  # noqa: PLR2004 (fill bytes)
            at += 1
            continue
        if marker == _JPEG_SCAN or length < 2:  # noqa: PLR2004 (a length counts its own two bytes)
            break
        segment = content[at : at + 2 + length]
        at += len(segment)
        if marker in _JPEG_COLOURS:
            name, least = _JPEG_COLOURS[marker]
            is_pixels = segment[4:].startswith(name) and len(segment) >= 4 + least
        else:
            is_pixels = marker not in _JPEG_APP and marker != _JPEG_COMMENT
        if is_pixels:
            yield segment, b""
        elif segment[4:].startswith(_JPEG_EXIF):
            yield b"", segment[4:]
    yield content[at:], b""


def _gif(content: bytes) -> Parts:
    """Yield everything except the extensions before the first picture; the rest is never read."""
    colours = content[10] if len(content) > 10 else 0  # noqa: PLR2004 (logical screen descriptor: GIF89a, section 18)
    at = 13 + (3 << (colours & 7) + 1 if colours & 0x80 else 0)
    yield content[:at], b""
    while content[at : at + 1] == bytes([_GIF_EXTENSION]):
        start, at = at, at + 2
        while at < len(content) and content[at]:
            at += 1 + content[at]
        at += 1
        if content.startswith(_GIF_CONTROL, start):
            yield content[start:at], b""
    yield content[at:], b""


_READERS: dict[bytes, Callable[[bytes], Parts]] = {_PNG: _png, _JPEG: _jpeg, b"GIF8": _gif}
