"""From whatever was uploaded to a small square picture, or to nothing.

The bytes are a stranger's. Only four decoders see them, and only when the picture is of a size that they can unpack
within the memory of the function. What comes out is drawn anew, so that nothing of the file but its pixels is left.
"""

import io
import warnings

# Pillow finds the decoder by the first bytes; WebP is not among those that it loads by itself.
from PIL import Image, ImageOps, WebPImagePlugin
from PIL.Image import Transpose

from lamina.avatars.form import MAX_BYTES
from lamina.avatars.metadata import orientation, without_metadata

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
SIDE = 256
"""Pixels of the result, both ways."""
MAX_PIXELS = 25_000_000
"""Of the picture. The worst of that size, a WebP that can be seen through, was measured to take 580 MB of memory."""
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
QUALITY = 85
TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""What turns a picture upright, by its orientation in EXIF."""


class NotAPicture(Exception):
    """The bytes are none of the pictures that we take.

    Attributes:
        reason: in a word: `unreadable` or `too_large`.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def avatar(content: bytes) -> bytes:
    """Make an avatar: the middle of the picture, upright, 256 pixels square, as WebP without metadata.

    Raises:
        NotAPicture: for bytes that are no JPEG, PNG, WebP or GIF, or not all of one, or too large a one.
    """
    if len(content) > MAX_BYTES:
        raise NotAPicture("too_large")
    try:
        # Pillow warns of oddities that cameras make, and of pictures above the limit, which are not to be unpacked.
        with warnings.catch_warnings(action="ignore"):
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            pixels, exif = without_metadata(content)
            with Image.open(io.BytesIO(pixels), formats=FORMATS) as opened:
                return _encoded(_square(opened, orientation(exif or opened.info.get("exif", b""))))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise NotAPicture("too_large") from error
    except MemoryError:
        raise
    except Exception as error:
        # Decoders raise whatever comes to hand on bytes that they do not expect.
        raise NotAPicture("unreadable") from error


def _square(opened: Image.Image, stated: int) -> Image.Image:
    # A JPEG can be decoded at an eighth of its size, which is all that is needed of a large one.
    opened.draft(None, (2 * SIDE, 2 * SIDE))
    opened.load()
    upright = opened.transpose(TURNS[stated]) if stated in TURNS else opened
    if upright.mode.startswith("I"):
        # Greys of 16 bits; Pillow would cut them off at 255 instead of scaling them.
        upright = upright.convert("I").point(lambda grey: grey / 256).convert("L")
    mode = "RGBA" if upright.has_transparency_data else "RGB"
    fitted = ImageOps.fit(upright.convert(mode), (SIDE, SIDE), Image.Resampling.LANCZOS)
    drawn = Image.new(mode, fitted.size)
    drawn.paste(fitted)
    return drawn


def _encoded(picture: Image.Image) -> bytes:
    created = io.BytesIO()
    picture.save(created, WebPImagePlugin.WebPImageFile.format, quality=QUALITY)
    return created.getvalue()
