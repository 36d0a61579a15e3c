"""What becomes of bytes that somebody calls a picture."""

import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, strategies
from PIL import Image

from lamina.avatars.form import MAX_BYTES
from lamina.avatars.picture import MAX_PIXELS, NotAPicture, avatar
from tests.pictures import picture

RED, BLUE = (255, 0, 0), (0, 0, 255)


def seen(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content), formats=["WEBP"])
    image.load()
    return image


def chunks(webp: bytes) -> list[bytes]:
    """The names of the chunks of a WebP file (RFC 9649)."""
    found, at = [], 12
    while at < len(webp):
        name, size = struct.unpack("<4sI", webp[at : at + 8])
        found.append(name)
        at += 8 + size + size % 2
    return found


def saved(image: Image.Image, form: str, **how: Any) -> bytes:
    made = io.BytesIO()
    image.save(made, form, **how)
    return made.getvalue()


def is_like(found: object, wanted: tuple[int, ...]) -> bool:
    assert isinstance(found, tuple)
    return all(abs(one - other) < 20 for one, other in zip(found, wanted, strict=False))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("size", [(1, 1), (256, 256), (300, 200), (17, 900), (4000, 3000)])
def test_a_picture_becomes_a_square_webp(form: str, size: tuple[int, int]) -> None:
    made = seen(avatar(picture(form, size)))
    assert (made.format, made.size) == ("WEBP", (256, 256))


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        ("PNG", "1"),
        ("PNG", "L"),
        ("PNG", "LA"),
        ("PNG", "P"),
        ("PNG", "I;16"),
        ("PNG", "RGBA"),
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("GIF", "P"),
        ("WEBP", "RGBA"),
    ],
)
def test_every_kind_of_colour_is_taken(form: str, mode: str) -> None:
    assert seen(avatar(picture(form, mode=mode))).size == (256, 256)


def test_what_can_be_seen_through_stays_so() -> None:
    made = seen(avatar(picture(mode="RGBA")))
    assert made.mode == "RGBA"
    pixel = made.getpixel((128, 128))
    assert isinstance(pixel, tuple)
    assert abs(pixel[3] - 100) < 5


def test_the_middle_is_cut_out() -> None:
    wide = Image.new("RGB", (900, 300), RED)
    wide.paste(BLUE, (300, 0, 600, 300))
    made = seen(avatar(saved(wide, "PNG")))
    assert all(is_like(made.getpixel(at), BLUE) for at in ((8, 8), (128, 128), (247, 247)))


def test_a_picture_taken_sideways_stands_upright() -> None:
    lying = Image.new("RGB", (400, 400), RED)
    lying.paste(BLUE, (0, 0, 400, 200))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees: the top comes to the right
    made = seen(avatar(saved(lying, "JPEG", exif=exif)))
    assert is_like(made.getpixel((230, 128)), BLUE)
    assert is_like(made.getpixel((20, 128)), RED)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_where_it_was_taken_is_told_to_nobody(form: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Ada at home"
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 26.0), 3: "W", 4: (0.0, 7.0, 39.0)})
    source = saved(Image.new("RGB", (300, 300)), form, exif=exif, comment=b"Ada at home", icc_profile=b"Ada at home")
    assert b"Ada at home" in source
    made = avatar(source)
    assert b"Ada" not in made
    assert set(chunks(made)) <= {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}
    assert not seen(made).getexif()


def test_of_a_moving_picture_the_first_moment_stays() -> None:
    frames = [Image.new("RGB", (300, 300), colour) for colour in (BLUE, RED)]
    made = seen(avatar(saved(frames[0], "GIF", save_all=True, append_images=frames[1:])))
    assert is_like(made.getpixel((128, 128)), BLUE)
    assert getattr(made, "n_frames", 1) == 1


def test_deep_greys_keep_their_brightness() -> None:
    deep = Image.new("I;16", (300, 300), 0x8000)
    assert is_like(seen(avatar(saved(deep, "PNG"))).getpixel((128, 128)), (128, 128, 128))


def test_what_a_camera_wrote_badly_beside_the_picture_does_not_matter() -> None:
    source = bytearray(saved(Image.new("RGB", (300, 300)), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff"))
    assert seen(avatar(bytes(source))).size == (256, 256)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        picture("BMP"),
        picture("TIFF"),
        picture("ICO"),
        picture("PPM"),
        picture("PNG")[:-40],
        picture("JPEG", (900, 900))[:-300],
        picture("WEBP")[:-20],
        picture("GIF")[:-30],
    ],
    ids=lambda content: content[:12],
)
def test_what_is_no_picture_or_not_all_of_one_is_refused(content: bytes) -> None:
    with pytest.raises(NotAPicture, match="unreadable"):
        avatar(content)


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and unpacks to nearly nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(MAX_PIXELS + 1, 1), (10_000, 10_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_before_it_is_unpacked(size: tuple[int, int]) -> None:
    with pytest.raises(NotAPicture, match="too_large"):
        avatar(bomb(*size))


def test_a_file_that_is_larger_than_an_upload_may_be_is_not_looked_at() -> None:
    with pytest.raises(NotAPicture, match="too_large"):
        avatar(picture() + b"\0" * MAX_BYTES)


@given(data=strategies.data(), form=strategies.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]))
def test_whatever_happens_to_the_bytes_it_is_a_picture_or_it_is_refused(data: strategies.DataObject, form: str) -> None:
    content = bytearray(picture(form, (40, 30)))
    places = strategies.integers(0, len(content) - 1)
    for place, byte in data.draw(strategies.dictionaries(places, strategies.integers(0, 255), max_size=30)).items():
        content[place] = byte
    try:
        made = avatar(bytes(content))
    except NotAPicture:
        return
    assert seen(made).size == (256, 256)
