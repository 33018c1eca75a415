"""What nobody needs of a file does not decide whether it is accepted, however broken or huge it is."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageCms

from ninja_orgkit.media.errors import InvalidImage
from ninja_orgkit.media.pictures import inspect
from ninja_orgkit.media.renditions import render
from tests.media import pictures
from tests.media.chunks import PALETTE, SIGNATURE, chunk, flat_png, header, png, rows

pytestmark = pytest.mark.once

HUGE = ("zTXt", "iTXt", "tEXt", "iCCP", "eXIf")
BROKEN = {
    **{kind: chunk(kind.encode(), b"\0\1\2", 0) for kind in ("tEXt", "iCCP", "gAMA", "pHYs", "tIME", "sRGB", "prVt")},
    **{f"short {kind}": chunk(kind.encode(), b"") for kind in ("iCCP", "zTXt", "iTXt", "gAMA", "cHRM", "pHYs", "sRGB")},
    "tRNS": chunk(b"tRNS", b"\0"),
    "compression": chunk(b"iCCP", b"profile\0\7" + zlib.compress(b"profile")),
    "profile": chunk(b"iCCP", b"profile\0\0nonsense"),
    "EXIF": chunk(b"eXIf", b"II*\0\xff\xff\xff\xff"),
}


def huge(kind: str) -> bytes:
    """Return a chunk of megabytes, or several."""
    if kind == "iCCP":
        return chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(80_000_000)))
    if kind == "eXIf":
        return chunk(b"eXIf", bytes(5_000_000))
    text = b"".join(b"node %d;" % number for number in range(200_000))
    if kind == "tEXt":
        return chunk(b"tEXt", b"workflow\0" + text) * 4
    return chunk(kind.encode(), (b"workflow\0\0" if kind == "zTXt" else b"workflow\0\1\0\0\0") + zlib.compress(text))


@pytest.mark.parametrize("kind", HUGE)
def test_optional_chunks_of_a_png_can_be_huge(kind: str) -> None:
    _check_optional(huge(kind))


@pytest.mark.parametrize("extra", BROKEN.values(), ids=BROKEN)
def test_optional_chunks_of_a_png_can_be_broken(extra: bytes) -> None:
    _check_optional(extra)


def _check_optional(extra: bytes) -> None:
    content = flat_png(b"\xc8\x3c\x28", extra).getvalue()
    for data in (content, content.replace(extra, b"").replace(chunk(b"IEND", b""), extra + chunk(b"IEND", b""))):
        assert inspect(BytesIO(data)).placeholder == "#c83c28"


def test_a_broken_transparency_of_a_palette_is_dropped() -> None:
    palette = chunk(b"PLTE", bytes(range(12)))
    file = png([b"\0\1\2\3" * 8] * 32, palette, chunk(b"tRNS", b"\0\0\0\0", 0), width=32, colour=PALETTE)
    assert render(file).renditions["sm"].width == 32


def test_a_broken_checksum_of_the_header_makes_a_png_invalid() -> None:
    content = flat_png(b"\1\2\3").getvalue()
    with pytest.raises(InvalidImage):
        inspect(BytesIO(content[:29] + b"\0\0\0\0" + content[33:]))


def frame_control(number: int, width: int = 20, height: int = 20, *, blend: int = 0, disposal: int = 0) -> bytes:
    return chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, width, height, 0, 0, 1, 10, disposal, blend))


def animated(*parts: bytes, frames: int = 2) -> BytesIO:
    """Return an animated PNG whose still picture is red."""
    red = chunk(b"IDAT", rows([b"\xdc\x14\x14" * 20] * 20))
    start = header(20, 20) + chunk(b"acTL", struct.pack(">II", frames, 0)) + frame_control(0) + red
    return BytesIO(SIGNATURE + start + b"".join(parts) + chunk(b"IEND", b""))


GREEN = rows([b"\x14\xc8\x28" * 20] * 20)
NEXT = struct.pack(">I", 2) + GREEN


def test_an_animated_png_has_its_frames() -> None:
    assert inspect(animated(frame_control(1), chunk(b"fdAT", NEXT))).frames == 2


@pytest.mark.parametrize(
    "file",
    [
        animated(frame_control(1), chunk(b"fdAT", NEXT), frames=3),
        animated(frame_control(7), chunk(b"fdAT", NEXT)),
        animated(frame_control(1)),
        animated(frame_control(1, width=21), chunk(b"fdAT", NEXT)),
        animated(frame_control(1)[:-1] + b"\0", chunk(b"fdAT", NEXT)),
        animated(frame_control(1), chunk(b"fdAT", b"\0")),
        animated(chunk(b"fcTL", b"\0\0\0\1"), chunk(b"fdAT", NEXT)),
        animated(frame_control(1), chunk(b"fdAT", struct.pack(">I", 2) + b"nonsense")),
        animated(frame_control(1), chunk(b"fdAT", NEXT[:-20])),
        BytesIO(animated(frame_control(1), chunk(b"fdAT", NEXT)).getvalue().replace(b"acTL\0\0\0\2", b"acTL\0\0\0\0")),
    ],
)
def test_a_broken_animation_leaves_the_still_picture(file: BytesIO) -> None:
    info = inspect(file)
    assert (info.frames, info.placeholder) == (1, "#dc1414")
    rendered = render(file)
    assert (rendered.info.frames, rendered.info.placeholder) == (1, "#dc1414")


@pytest.mark.parametrize(
    "segment",
    [
        b"\xff\xe2\0\x0eICC_PROFILE\0",
        b"\xff\xe2\0\x0fICC_PROFILE\0\0",
        b"\xff\xe2\0\x14ICC_PROFILE\0\3\7abcd",
        b"\xff\xe1\0\x08Exif\0\0",
        b"\xff\xe1\0\x10Exif\0\0II*\0\xff\xff\xff\xff",
        b"\xff\xe2\0\x10MPF\0II*\0\xff\xff\xff\xff\0\0",
        b"\xff\xee\0\x07Adobe",
        b"\xff\xed\0\x15Photoshop 3.0\0" + b"8BIM\x04",
        b"\xff\xfe\0\x02",
        b"\xff\xed\0\x06abcdjunk",
    ],
)
def test_broken_metadata_does_not_make_a_jpeg_invalid(segment: bytes) -> None:
    content = pictures.written(pictures.quarters(), "JPEG").getvalue()
    assert inspect(BytesIO(content[:2] + segment + content[2:])) == inspect(BytesIO(content))


@pytest.mark.parametrize("kind", ["AVIF", "WEBP"])
def test_broken_metadata_does_not_make_a_picture_invalid(kind: str) -> None:
    exif = b"Exif\0\0" + pictures.camera_exif(3).tobytes().removeprefix(b"Exif\0\0")
    content = pictures.written(pictures.quarters(), kind, exif=exif, xmp=b"<x/>").getvalue()
    broken = content.replace(b"MM\0*", b"nons").replace(b"II*\0", b"nons")
    assert broken != content
    assert inspect(BytesIO(broken)).width == 400


def test_a_webp_with_metadata_cut_off_at_its_end_is_valid() -> None:
    content = pictures.written(pictures.quarters(), "WEBP", xmp=b"<x>" + b" " * 1000).getvalue()
    assert content.index(b"XMP ") > len(content) - 1100
    assert inspect(BytesIO(content[:-500])).width == 400


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_the_orientation_in_xmp_is_ignored(kind: str) -> None:
    assert inspect(pictures.written(pictures.quarters(), kind, xmp=XMP)).width == 400


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_an_avif_is_a_property_of_the_picture(orientation: int) -> None:
    content = pictures.written(pictures.quarters(), "AVIF", exif=pictures.camera_exif(orientation)).getvalue()
    assert (b"irot" in content or b"imir" in content) == (orientation != 1)
    assert inspect(BytesIO(content)).width == (300 if orientation > 4 else 400)


def test_exif_does_not_turn_an_avif() -> None:
    exif = Image.Exif()
    exif[0x0113] = 6  # the library would make a property of the right number
    content = pictures.written(pictures.quarters(), "AVIF", exif=exif).getvalue()
    entry = b"\x01\x13\0\3\0\0\0\1\0\6"
    assert content.count(entry) == 1
    assert inspect(BytesIO(content.replace(entry, b"\x01\x12" + entry[2:]))).width == 400


@pytest.mark.parametrize("order", [">", "<"])
def test_the_orientation_is_read_in_both_byte_orders(order: str) -> None:
    exif = {">": b"MM\0*", "<": b"II*\0"}[order] + struct.pack(f"{order}IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)
    content = png([b"\1\2\3" * 40] * 30, chunk(b"eXIf", exif), width=40)
    assert (inspect(content).width, inspect(content).height) == (30, 40)


def test_exif_behind_the_pixels_of_a_png_turns_it() -> None:
    end = chunk(b"IEND", b"")
    exif = chunk(b"eXIf", pictures.camera_exif(6).tobytes().removeprefix(b"Exif\0\0"))
    content = pictures.written(pictures.quarters(), "PNG").getvalue()
    assert inspect(BytesIO(content.replace(end, exif + end))).width == 300


def test_a_profile_in_several_segments_of_a_jpeg_is_used() -> None:
    profile = pictures.swapped_profile() + bytes(200_000)
    content = pictures.written(Image.new("RGB", (64, 64), (230, 20, 20)), "JPEG", icc_profile=profile)
    assert content.getvalue().count(b"ICC_PROFILE\0") == 4
    red, green, blue = (int(inspect(content).placeholder[at : at + 2], 16) for at in (1, 3, 5))
    assert green > 150 > max(red, blue)
    assert ImageCms.ImageCmsProfile(BytesIO(profile)).profile.xcolor_space.strip() == "RGB"
