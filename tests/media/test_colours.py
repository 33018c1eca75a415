"""Renditions are in sRGB, wherever a file says what its colours are."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from ninja_orgkit.media.formats.avif import read_avif
from ninja_orgkit.media.renditions import render
from tests.media import pictures
from tests.media.chunks import GREY, GREY_ALPHA, RGB, chunk, flat_png

pytestmark = pytest.mark.once

BT709 = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
P3 = (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
# (200, 100, 80) in Display P3 is this in sRGB, by CSS Color 4, 10.11.
P3_SAMPLE, P3_AS_SRGB = (200, 100, 80), (215, 95, 73)


def gamma(exponent: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(exponent * 100_000)))


def chromaticities(values: tuple[float, ...]) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in values)))


def cicp(primaries: int, transfer: int) -> bytes:
    return chunk(b"cICP", bytes([primaries, transfer, 0, 1]))


def profile(content: bytes) -> bytes:
    return chunk(b"iCCP", b"profile\0\0" + zlib.compress(content))


SWAPPED = profile(pictures.swapped_profile())
SRGB = chunk(b"sRGB", b"\0")


def shown(file: BytesIO) -> Any:
    """Return the colour in the middle of a rendition."""
    image = Image.open(BytesIO(render(file, {"lg": (64, 100)}).renditions["lg"].content))
    return image.convert("RGB").getpixel((16, 16))


def near(colour: Any, other: tuple[int, int, int], tolerance: int = 4) -> bool:
    return all(abs(one - two) <= tolerance for one, two in zip(colour, other, strict=True))


def srgb(light: float) -> int:
    return round(255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))


@pytest.mark.parametrize("colour", [RGB, GREY])
@pytest.mark.parametrize("level", [30, 55, 128, 250])
@pytest.mark.parametrize("exponent", [1.0, 1 / 1.8, 0.7])
def test_the_gamma_of_a_png_is_applied(exponent: float, level: int, colour: int) -> None:
    file = flat_png(bytes([level] * (3 if colour == RGB else 1)), gamma(exponent), colour=colour)
    assert near(shown(file), (srgb((level / 255) ** (1 / exponent)),) * 3)


@pytest.mark.parametrize("extra", [(gamma(0.45455),), (gamma(0.45455), chromaticities(BT709)), (SRGB,), (cicp(1, 13),)])
@pytest.mark.parametrize("level", [3, 10, 128])
def test_what_says_srgb_changes_nothing(extra: tuple[bytes, ...], level: int) -> None:
    assert near(shown(flat_png(bytes([level, 90, 200]), *extra)), (level, 90, 200), 2)


@pytest.mark.parametrize("late", [gamma(1.0), SWAPPED, cicp(12, 8)])
def test_what_a_png_says_of_its_colours_behind_its_pixels_means_nothing(late: bytes) -> None:
    content = flat_png(bytes([10, 90, 200])).getvalue()
    end = chunk(b"IEND", b"")
    assert near(shown(BytesIO(content.removesuffix(end) + late + end)), (10, 90, 200), 2)


def test_the_chromaticities_of_a_png_are_applied() -> None:
    linear = tuple(((value / 255 + 0.055) / 1.055) ** 2.4 for value in P3_SAMPLE)
    sample = bytes(round(255 * value**0.5) for value in linear)
    assert near(shown(flat_png(sample, gamma(0.5), chromaticities(P3))), P3_AS_SRGB, 6)


def test_chromaticities_without_a_gamma_mean_nothing() -> None:
    assert near(shown(flat_png(bytes(P3_SAMPLE), chromaticities(P3))), P3_SAMPLE)


@pytest.mark.parametrize("points", [(0.0,) * 8, (0.3, 0.3) * 4, (0.3127, 0.0, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)])
def test_impossible_chromaticities_are_ignored(points: tuple[float, ...]) -> None:
    assert shown(flat_png(bytes(P3_SAMPLE), gamma(1.0), chromaticities(points)))


@pytest.mark.parametrize("exponent", [0.0, 0.00001, 42_000.0])
def test_an_impossible_gamma_is_ignored(exponent: float) -> None:
    assert near(shown(flat_png(bytes(P3_SAMPLE), gamma(exponent))), P3_SAMPLE)


@pytest.mark.parametrize(("primaries", "transfer"), [(12, 13), (12, 1), (12, 2)])
def test_display_p3_is_converted(primaries: int, transfer: int) -> None:
    assert near(shown(flat_png(bytes(P3_SAMPLE), cicp(primaries, transfer))), P3_AS_SRGB)


def test_linear_light_in_code_points_is_converted() -> None:
    assert near(shown(flat_png(b"\x37\x80\xff", cicp(1, 8))), (srgb(0x37 / 255), srgb(0x80 / 255), 255))


@pytest.mark.parametrize(("transfer", "level"), [(16, 148), (18, 191)])
def test_reference_white_of_high_dynamic_range_is_white(transfer: int, level: int) -> None:
    assert near(shown(flat_png(bytes([level] * 3), cicp(9, transfer))), (255, 255, 255), 6)
    assert max(shown(flat_png(bytes([level // 2] * 3), cicp(9, transfer)))) < 200


@pytest.mark.parametrize(
    ("extra", "is_swapped"),
    [
        ((SWAPPED,), True),
        ((SWAPPED, SRGB), True),
        ((SWAPPED, gamma(1.0)), True),
        ((cicp(1, 13), SWAPPED), False),
        ((SWAPPED, cicp(1, 13)), False),
        ((cicp(250, 13), SWAPPED), True),
    ],
)
def test_of_several_descriptions_the_one_that_counts_most_is_used(extra: tuple[bytes, ...], is_swapped: bool) -> None:
    red, green, blue = shown(flat_png(bytes((230, 20, 20)), *extra))
    assert (green > 150 > max(red, blue)) == is_swapped
    assert (red > 200 > max(green, blue)) != is_swapped


@pytest.mark.parametrize("extra", [(SRGB, gamma(1.0)), (gamma(1.0), SRGB), (profile(b"nonsense"), SRGB, gamma(1.0))])
def test_srgb_counts_more_than_gamma(extra: tuple[bytes, ...]) -> None:
    assert near(shown(flat_png(b"\x80\x80\x80", *extra)), (128, 128, 128))


def test_a_broken_profile_leaves_the_gamma() -> None:
    assert near(shown(flat_png(b"\x80\x80\x80", profile(b"nonsense"), gamma(1.0))), (188, 188, 188))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_rgb_profile_of_a_grey_picture_is_used(kind: str) -> None:
    dark = _linear_profile()
    file = pictures.written(Image.new("L", (32, 32), 128), kind, icc_profile=dark, quality=100)
    assert near(shown(file), (188, 188, 188), 6)


@pytest.mark.parametrize(("depth", "colour", "sample"), [(8, GREY, b"\x80"), (16, GREY, b"\x80\x80")])
def test_a_grey_profile_of_a_grey_picture_is_used(depth: int, colour: int, sample: bytes) -> None:
    assert near(shown(flat_png(sample, profile(_grey_profile()), depth=depth, colour=colour)), (188, 188, 188), 6)
    both = flat_png(sample + b"\xff" * len(sample), profile(_grey_profile()), depth=depth, colour=GREY_ALPHA)
    assert near(shown(both), (188, 188, 188), 6)


def _linear_profile() -> bytes:
    """Return a profile with the primaries of sRGB and linear light."""
    return _with_curves(pictures.swapped_profile(), (b"rTRC", b"gTRC", b"bTRC"))


def _with_curves(content: bytes, names: tuple[bytes, ...]) -> bytes:
    profile = bytearray(content)
    count = int.from_bytes(profile[128:132], "big")
    for at in range(132, 132 + 12 * count, 12):
        if bytes(profile[at : at + 4]) in names:
            profile[at + 4 : at + 12] = struct.pack(">II", len(content), 12)
    profile += b"curv\0\0\0\0\0\0\0\0"
    profile[:4] = len(profile).to_bytes(4, "big")
    return bytes(profile)


def _grey_profile() -> bytes:
    """Return a profile for greys with linear light."""
    tags = {b"kTRC": b"curv\0\0\0\0\0\0\0\0", b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63_190, 65_536, 54_061)}
    start, table, data = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(data), len(content))
        data += content
    head = struct.pack(">I4sI4s4s4s12x4s28x", start + len(data), b"", 0x02400000, b"mntr", b"GRAY", b"XYZ ", b"acsp")
    return head + struct.pack(">3i", 63_190, 65_536, 54_061) + bytes(48) + table + data


def avif(primaries: int, transfer: int, **options: Any) -> BytesIO:
    """Return an AVIF that says its colours by code points."""
    file = pictures.written(Image.new("RGB", (32, 32), P3_SAMPLE), "AVIF", quality=95, subsampling="4:4:4", **options)
    content = bytearray(file.getvalue())
    at = content.index(b"nclx") + 4
    content[at : at + 4] = struct.pack(">HH", primaries, transfer)
    return BytesIO(content)


def test_the_code_points_of_an_avif_are_applied() -> None:
    assert near(shown(avif(12, 13)), P3_AS_SRGB, 5)
    assert near(shown(avif(1, 13)), P3_SAMPLE, 5)
    assert near(shown(avif(2, 2)), P3_SAMPLE, 5)


def test_the_code_points_of_an_animated_avif_are_found() -> None:
    content = pictures.animation("AVIF").getvalue()
    changed = content.replace(b"nclx\0\1\0\x0d", b"nclx\0\x0c\0\x0d")
    assert changed != content
    assert read_avif(BytesIO(changed)).colours == ((12, 13),)


def test_the_profile_of_a_png_counts_for_its_animation() -> None:
    file = pictures.animation("PNG", icc_profile=pictures.swapped_profile())
    image: Any = Image.open(BytesIO(render(file, {"lg": (200, 90)}).renditions["lg"].content))
    red, green, blue = image.convert("RGB").getpixel((100, 75))
    assert image.n_frames == 4
    assert green > 150 > max(red, blue)
