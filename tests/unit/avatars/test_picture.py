"""What becomes of bytes that somebody calls a picture."""

import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, strategies
from PIL import Image, ImageOps

from lamina.avatars import metadata
from lamina.avatars.form import MAX_BYTES
from lamina.avatars.picture import MAX_PIXELS, NotAPicture, avatar
from tests.support.pictures import COLOURS, beside, chunk, picture

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
def test_the_location_of_a_picture_is_removed(form: str) -> None:
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


TIFF = b"II*\0\x08\0\0\0"
SIDEWAYS = b"\x01\0" + struct.pack("<HHII", 0x0112, 3, 1, 6) + bytes(4)
"""A directory of TIFF with one entry: to be turned by 90 degrees."""
BY_ZERO = b"\x01\0" + struct.pack("<HHII", 0x011A, 10, 1, 26) + bytes(4) + struct.pack("<ii", -1, 0)
"""A directory with the resolution -1/0."""
BADLY_WRITTEN = [
    ("JPEG", b"\xe1", b"Exif\0\0" + TIFF + b"\xff\xff"),
    ("JPEG", b"\xe1", b"Exif\0\0" + TIFF + BY_ZERO),
    ("JPEG", b"\xe1", b"Exif\0\0MM\0"),
    ("JPEG", b"\xe0", b"JFIF"),
    ("JPEG", b"\xee", b"Adobe"),
    ("JPEG", b"\xe2", b"MPF\0" + TIFF + b"\x01\0"),
    ("JPEG", b"\xed", b"Photoshop 3.0\x008BIM\x03\xed\0"),
    ("JPEG", b"\xfe", b"\xff" * 65_533),
    ("PNG", b"eXIf", b"II*"),
    ("PNG", b"eXIf", TIFF + BY_ZERO),
    ("PNG", b"tEXt", b"Comment\0Ada at home"),
    ("PNG", b"zTXt", b"Comment\0\0" + zlib.compress(b"Ada at home" * 1_000_000)),
    ("PNG", b"iTXt", b"XML:com.adobe.xmp\0\1"),
    ("PNG", b"tEXt", b"Comment\0" + b"x" * 1_500_000),
    ("PNG", b"iCCP", b"profile\0\0not compressed"),
    ("PNG", b"acTL", b"\0"),
    ("PNG", b"x\xff\0q", b"no chunk at all"),
    ("WEBP", b"EXIF", TIFF + BY_ZERO),
    ("WEBP", b"XMP ", b"<x"),
    ("WEBP", b"ICCP", b""),
    ("GIF", b"\xfe", b""),
    ("GIF", b"\xff", b"NETSCAPE2.0"),
    ("GIF", b"\x01", b"Ada at home"),
]


@pytest.mark.parametrize(("form", "kind", "data"), BADLY_WRITTEN, ids=lambda given: ascii(given)[:40])
@pytest.mark.parametrize("last", [False, True])
def test_what_is_written_badly_beside_the_pixels_does_not_matter(
    form: str, kind: bytes, data: bytes, last: bool
) -> None:
    made = avatar(beside(form, kind, data, last=last))
    assert is_like(seen(made).convert("RGB").getpixel((128, 128)), COLOURS["RGB"])
    assert b"Ada" not in made


KINDS = {
    "JPEG": strategies.sampled_from([bytes([marker]) for marker in (*range(0xE0, 0xF0), 0xFE)]),
    "PNG": strategies.sampled_from([b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"iCCP", b"gAMA", b"pHYs", b"fcTL", b"prVt"])
    | strategies.from_regex(rb"[a-z][a-zA-Z]{3}", fullmatch=True).filter(lambda kind: kind != b"tRNS"),
    "WEBP": strategies.sampled_from([b"EXIF", b"XMP ", b"ICCP", b"JUNK"]),
    "GIF": strategies.integers(0, 255).map(lambda label: bytes([label])),
}
STARTS = [
    b"",
    b"Exif\0\0",
    b"Exif\0\0" + TIFF,
    TIFF,
    b"MPF\0" + TIFF,
    b"Photoshop 3.0\x008BIM",
    b"JFIF",
    b"ICC_PROFILE\0",
]


@pytest.mark.exhaustive
@pytest.mark.parametrize("form", KINDS)
@given(data=strategies.data(), start=strategies.sampled_from(STARTS), rest=strategies.binary(max_size=60))
def test_only_pixels_decide_whether_it_is_a_picture(
    form: str, data: strategies.DataObject, start: bytes, rest: bytes
) -> None:
    content = beside(form, data.draw(KINDS[form]), start + rest, last=data.draw(strategies.booleans()), size=(40, 30))
    assert seen(avatar(content)).size == (256, 256)


@pytest.mark.parametrize(
    ("form", "kind", "data"), [("JPEG", b"\xe1", b"Exif\0\0"), ("PNG", b"eXIf", b""), ("WEBP", b"EXIF", b"")]
)
def test_every_form_may_say_which_way_is_up(form: str, kind: bytes, data: bytes) -> None:
    lying = beside(form, kind, data + TIFF + SIDEWAYS, size=(900, 300))
    assert metadata.orientation(TIFF + SIDEWAYS) == 6
    with Image.open(io.BytesIO(metadata.without_metadata(lying)[0])) as opened:
        exif = metadata.without_metadata(lying)[1] or opened.info["exif"]
    assert metadata.orientation(exif) == 6


@pytest.mark.parametrize("stated", range(1, 9))
def test_each_orientation_is_turned_as_pillow_turns_it(stated: int) -> None:
    source = Image.new("RGB", (300, 300), RED)
    source.paste(BLUE, (0, 0, 150, 100))
    exif = Image.Exif()
    exif[0x0112] = stated
    lying = saved(source, "JPEG", exif=exif, quality=95)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(lying)))
    made = seen(avatar(lying))
    for at in ((20, 20), (20, 230), (230, 20), (230, 230), (128, 20), (20, 128)):
        wanted = upright.getpixel((at[0] * 300 // 256, at[1] * 300 // 256))
        assert isinstance(wanted, tuple)
        assert is_like(made.getpixel(at), wanted)


@pytest.mark.parametrize("stated", [0, 9, 65535])
def test_an_orientation_that_there_is_not_turns_nothing(stated: int) -> None:
    directory = b"\x01\0" + struct.pack("<HHII", 0x0112, 3, 1, stated) + bytes(4)
    assert metadata.orientation(TIFF + directory) == 1


def test_pixels_with_a_wrong_checksum_are_refused() -> None:
    content = bytearray(picture("PNG"))
    content[content.index(b"IDAT") + 10] ^= 1
    with pytest.raises(NotAPicture, match="unreadable"):
        avatar(bytes(content))


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
