"""What is transparent in a file is transparent in its renditions."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from ninja_orgkit.media.pictures import inspect
from ninja_orgkit.media.renditions import render, square_avatar
from tests.media import pictures
from tests.media.chunks import GREY, RGB, SIGNATURE, chunk, gif, gif_frame, header, png, rows

pytestmark = pytest.mark.once


def opened(file: BytesIO) -> Any:
    return Image.open(BytesIO(render(file, {"lg": (256, 90)}).renditions["lg"].content))


def grey(depth: int, key: int, other: int) -> BytesIO:
    """Return a grey PNG whose left half has the transparent colour."""
    per_byte = 8 // depth
    left, right = (
        bytes([sum(value << depth * n for n in range(per_byte))]) * (32 // per_byte) for value in (key, other)
    )
    return png([left + right] * 32, chunk(b"tRNS", struct.pack(">H", key)), width=64, depth=depth, colour=GREY)


def wide(colour: int, key: tuple[int, ...], other: tuple[int, ...], *extra: bytes) -> BytesIO:
    """Return a PNG of 16 bits whose left half has the transparent colour."""
    sample = f">{len(key)}H"
    line = struct.pack(sample, *key) * 32 + struct.pack(sample, *other) * 32
    return png([line] * 32, chunk(b"tRNS", struct.pack(sample, *key)), *extra, width=64, depth=16, colour=colour)


KEYS = {
    **{f"1 bit, {key}": grey(1, key, 1 - key) for key in (0, 1)},
    **{f"2 bits, {key}": grey(2, key, other) for key, other in ((0, 1), (1, 2), (2, 0), (3, 2))},
    **{f"4 bits, {key}": grey(4, key, other) for key, other in ((0, 15), (9, 10), (15, 3), (1, 0))},
    **{f"8 bits, {key}": grey(8, key, other) for key, other in ((0, 1), (77, 76), (255, 254))},
    **{f"16 bits, {key}": wide(GREY, (key,), (other,)) for key, other in ((0, 1), (0x1234, 0x1235), (65_535, 255))},
    "RGB": png(
        [bytes((1, 2, 3)) * 32 + bytes((1, 2, 4)) * 32] * 32, chunk(b"tRNS", b"\0\1\0\2\0\3"), width=64, colour=RGB
    ),
    "RGB of 16 bits": wide(RGB, (0x1234, 0x5678, 0x9ABC), (0x1234, 0x5678, 0x9ABD)),
    "RGB of 16 bits, white": wide(RGB, (65_535,) * 3, (65_535, 65_535, 65_279)),
    "RGB of 16 bits, swapped bytes": wide(RGB, (0x12FF,) * 3, (0xFF12,) * 3),
}


@pytest.mark.parametrize("file", KEYS.values(), ids=KEYS)
def test_exactly_the_transparent_colour_is_transparent_at_every_depth(file: BytesIO) -> None:
    alpha = opened(file).convert("RGBA").getchannel("A")
    assert (alpha.getpixel((8, 16)), alpha.getpixel((56, 16))) == (0, 255)
    avatar = Image.open(BytesIO(square_avatar(file)[160])).convert("RGBA").getchannel("A")
    assert (avatar.getpixel((40, 80)), avatar.getpixel((120, 80))) == (0, 255)


def test_a_colour_that_no_sample_can_have_makes_nothing_transparent() -> None:
    file = png([bytes((9, 9, 9)) * 8] * 8, chunk(b"tRNS", b"\0\1" * 3), width=8)
    assert opened(file).mode == "RGB" or opened(file).getchannel("A").getextrema() == (255, 255)


CLEAR = None
PALETTE = bytes((*pictures.RED, *pictures.GREEN, *pictures.BLUE, *pictures.WHITE))
PLACES = ((10, 10), (30, 10), (10, 30), (30, 30))


def corners(image: Any) -> list[Any]:
    """Return the colours of the four quarters of a frame, and None for what is clear."""
    names = [pictures.RED, pictures.GREEN, pictures.BLUE, pictures.WHITE]
    frame = image.convert("RGBA")
    found: list[Any] = []
    for place in PLACES:
        *colour, alpha = frame.getpixel(place)
        near = [name for name in names if max(abs(a - b) for a, b in zip(name, colour, strict=True)) < 40]
        found.append(CLEAR if alpha < 20 else near[0] if near and alpha > 235 else (*colour, alpha))
    return found


def all_frames(file: BytesIO) -> tuple[list[list[Any]], list[int]]:
    image = opened(file)
    found, delays = [], []
    for index in range(image.n_frames):
        image.seek(index)
        image.load()
        found.append(corners(image))
        delays.append(image.info["duration"])
    return found, delays


def test_the_frames_of_a_gif_follow_each_other_as_browsers_show_them() -> None:
    file = gif(
        40, 40,
        gif_frame((0, 0, 40, 40), 0, disposal=1, delay=20),
        gif_frame((0, 0, 20, 20), 1, disposal=2, delay=0),
        gif_frame((20, 20, 20, 20), 2, disposal=3, delay=5),
        gif_frame((20, 0, 20, 20), 3, disposal=1, delay=70),
        palette=PALETTE,
    )  # fmt: skip
    red, green, blue, white = pictures.RED, pictures.GREEN, pictures.BLUE, pictures.WHITE
    frames, delays = all_frames(file)
    assert frames == [
        [red, red, red, red], [green, red, red, red], [CLEAR, red, red, blue], [CLEAR, white, red, red]
    ]  # fmt: skip
    assert delays == [200, 100, 50, 700]
    assert opened(file).info["loop"] == 0


def test_what_the_frames_of_a_gif_never_cover_is_clear() -> None:
    animated = gif(40, 40, gif_frame((0, 0, 20, 20), 1, disposal=1), gif_frame((20, 20, 20, 20), 2), palette=PALETTE)
    green, blue = pictures.GREEN, pictures.BLUE
    assert all_frames(animated)[0] == [[green, CLEAR, CLEAR, CLEAR], [green, CLEAR, CLEAR, blue]]
    assert corners(opened(gif(40, 40, gif_frame((0, 0, 20, 20), 1), palette=PALETTE))) == [green, CLEAR, CLEAR, CLEAR]


def test_the_transparent_index_of_a_gif_shows_what_is_below() -> None:
    file = gif(
        40, 40,
        gif_frame((0, 0, 20, 40), 0, disposal=1),
        gif_frame((0, 0, 40, 20), 3, disposal=1, clear=3),
        gif_frame((0, 0, 40, 20), 3, disposal=1),
        palette=PALETTE,
    )  # fmt: skip
    red, white = pictures.RED, pictures.WHITE
    # The second frame changes nothing, so the first is shown for longer.
    assert all_frames(file) == ([[red, CLEAR, red, CLEAR], [white, white, red, CLEAR]], [200, 100])


def test_a_later_frame_that_is_larger_than_the_canvas_is_cut_off() -> None:
    file = gif(40, 40, gif_frame((0, 0, 40, 40), 0), gif_frame((20, 20, 60, 60), 1), palette=PALETTE)
    assert (inspect(file).width, inspect(file).height, inspect(file).frames) == (40, 40, 2)
    assert all_frames(file)[0][1] == [pictures.RED, pictures.RED, pictures.RED, pictures.GREEN]


def test_a_first_frame_that_is_larger_than_the_canvas_enlarges_it() -> None:
    file = gif(10, 10, gif_frame((0, 0, 40, 40), 0), gif_frame((20, 0, 20, 20), 1), palette=PALETTE)
    assert (inspect(file).width, inspect(file).height) == (40, 40)
    assert all_frames(file)[0][1] == [pictures.RED, pictures.GREEN, pictures.RED, pictures.RED]


def apng(*frames: tuple[tuple[int, int, int, int], tuple[int, ...], int, int]) -> BytesIO:
    """Return an animated PNG without an alpha channel, of frames of one colour."""
    parts, number = b"", 0
    for index, ((left, top, width, height), colour, disposal, blend) in enumerate(frames):
        control = struct.pack(">IIIIIHHBB", number, width, height, left, top, 1, 10, disposal, blend)
        data = rows([bytes(colour) * width] * height)
        parts += chunk(b"fcTL", control)
        parts += chunk(b"fdAT", struct.pack(">I", number + 1) + data) if index else chunk(b"IDAT", data)
        number += 2 if index else 1
    return BytesIO(
        SIGNATURE + header(40, 40) + chunk(b"acTL", struct.pack(">II", len(frames), 0)) + parts + chunk(b"IEND", b"")
    )


def test_the_frames_of_an_animated_png_are_disposed_of() -> None:
    red, green, blue, white = pictures.RED, pictures.GREEN, pictures.BLUE, pictures.WHITE
    file = apng(
        ((0, 0, 40, 40), red, 0, 0),
        ((0, 0, 20, 20), green, 1, 1),
        ((20, 20, 20, 20), blue, 2, 0),
        ((20, 0, 20, 20), white, 0, 0),
    )
    assert all_frames(file)[0] == [
        [red, red, red, red], [green, red, red, red], [CLEAR, red, red, blue], [CLEAR, white, red, red]
    ]  # fmt: skip
