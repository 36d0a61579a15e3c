"""Converts an upload to a small square picture, or refuses it.

Uploads are untrusted. Only four decoders are enabled, and only for pictures that fit into the memory of the function.
The result is encoded again, so that nothing but pixels is taken over from the file.
"""

import io
import warnings

# Pillow selects the decoder by the first bytes; WebP is not preloaded.
from PIL import Image, ImageOps, WebPImagePlugin
from PIL.Image import Transpose

from lamina.avatars.form import MAX_BYTES
from lamina.avatars.metadata import orientation, without_metadata

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
SIDE = 256
"""Width and height of the result in pixels."""
MAX_PIXELS = 25_000_000
"""Maximum number of pixels. The worst case, a WebP with transparency, was measured to use 580 MB of memory."""
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
"""Transformations to upright, by EXIF orientation."""


class NotAPicture(Exception):
    """The upload is not a supported picture.

    Attributes:
        reason: `unreadable` or `too_large`.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def avatar(content: bytes) -> bytes:
    """Return an avatar: the center of the picture, upright, 256 pixels square, as WebP without metadata.

    Raises:
        NotAPicture: if the content is not a complete JPEG, PNG, WebP or GIF, or is too large.
    """
    if len(content) > MAX_BYTES:
        raise NotAPicture("too_large")
    try:
        # Pillow warns about harmless irregularities, and about pictures above the limit, which must not be decoded.
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
        # Decoders raise arbitrary exceptions on malformed input.
        raise NotAPicture("unreadable") from error


def _square(opened: Image.Image, stated: int) -> Image.Image:
    # A JPEG can be decoded at an eighth of its size, which is enough for large ones.
    opened.draft(None, (2 * SIDE, 2 * SIDE))
    opened.load()
    upright = opened.transpose(TURNS[stated]) if stated in TURNS else opened
    if upright.mode.startswith("I"):
        # 16-bit greyscale: Pillow would clip the values at 255 instead of scaling them.
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
