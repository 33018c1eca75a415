"""The kit sees pictures as libvips does, where both read all that a file says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms

from tests.media import chunks, pictures
from tests.media.second_decoder import compare

pytestmark = [pytest.mark.slow, pytest.mark.once]

Make = Callable[[], BytesIO]

MODES = {
    "JPEG": ("RGB", "L"),
    "PNG": ("RGB", "RGBA", "L", "LA", "P", "1", "I;16"),
    "WEBP": ("RGB", "RGBA"),
    "AVIF": ("RGB", "RGBA"),
    "GIF": ("P", "L", "RGBA"),
}


def soft() -> Image.Image:
    """Return a picture of many colours without noise."""
    return pictures.grain(12, 9).resize((400, 300), Image.Resampling.BICUBIC)


def in_mode(mode: str) -> Image.Image:
    picture = soft()
    if mode in ("RGBA", "LA"):
        picture.putalpha(pictures.clear().getchannel("A"))
    if mode == "I;16":
        return picture.convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    return picture.convert(mode)


def files() -> dict[str, Make]:
    """Return what makes files of all formats, and of what can be in them. Only the test of a file makes it."""
    found: dict[str, Make] = {
        f"{kind} {mode}": partial(_written, partial(in_mode, mode), kind, **({} if kind == "GIF" else {"quality": 95}))
        for kind, modes in MODES.items()
        for mode in modes
    }
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("JPEG", "PNG", "WEBP", "AVIF"):
        found[f"{kind} with a profile"] = partial(_written, soft, kind, icc_profile=pictures.swapped_profile())
        found[f"{kind} with sRGB"] = partial(_written, soft, kind, icc_profile=profile)
    for turn in range(2, 9):
        for kind in ("JPEG", "WEBP", "AVIF"):
            found[f"{kind} turned {turn}"] = partial(_written, soft, kind, exif=pictures.camera_exif(turn))
    ways: dict[str, dict[str, Any]] = {
        "progressive": {"progressive": True},
        "4:4:4": {"subsampling": 0},
        "4:2:2": {"subsampling": 1},
        "with restarts": {"restart_marker_blocks": 4},
    }
    for name, options in ways.items():
        found[f"JPEG {name}"] = partial(_written, soft, "JPEG", **options)
    for kind in ("GIF", "WEBP", "PNG"):  # libvips does not read animated AVIF
        found[f"{kind} animated"] = partial(pictures.animation, kind)
    for depth in (1, 2, 4):
        line = bytes(range(256))[: 32 * depth // 8]
        found[f"PNG of {depth} bits"] = partial(chunks.png, [line] * 32, width=32, depth=depth, colour=chunks.GREY)
    wide = b"".join(number.to_bytes(2, "big") for number in range(0, 65_536, 683))
    deep = partial(chunks.png, width=32, depth=16)
    found["PNG of 16 bits RGB"] = partial(deep, [wide] * 32, colour=chunks.RGB)
    found["PNG of 16 bits grey and alpha"] = partial(deep, [wide[:128]] * 32, colour=chunks.GREY_ALPHA)
    return found


def _written(draw: Callable[[], Image.Image], kind: str, **options: Any) -> BytesIO:
    return pictures.written(draw(), kind, **options)


FILES = files()


@pytest.mark.parametrize("name", FILES)
def test_both_decoders_see_the_same(name: str) -> None:
    found = compare(FILES[name]().getvalue())
    assert found.outcome == "the same", found.detail


@pytest.mark.parametrize("kind", MODES)
def test_both_decoders_refuse_a_truncated_file(kind: str) -> None:
    content = pictures.written(pictures.grain(), kind).getvalue()
    assert compare(content[: len(content) // 2]).outcome == "refused by both"


def test_a_difference_is_found() -> None:
    dark = chunks.flat_png(b"\x37\x37\x37", chunks.chunk(b"gAMA", (100_000).to_bytes(4, "big")))
    assert compare(dark.getvalue()).outcome == "other pixels"  # libvips does not know gAMA
    assert compare(pictures.photo().getvalue()[:-2]).outcome == "refused by libvips"  # it wants the end marker
