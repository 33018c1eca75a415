"""Limits for small files that decode to very large pictures."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import _imaging as core
from pytest_django import Settings

from ninja_orgkit.media.errors import InvalidImage
from ninja_orgkit.media.formats import JPEG, check_whole, walk_gif
from ninja_orgkit.media.pictures import inspect
from ninja_orgkit.media.renditions import render, square_avatar
from tests.media import pictures


@pytest.fixture
def never_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail if the test decodes pixels."""

    def refuse(*_args: Any) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(core, "new", refuse)
    monkeypatch.setattr(core, "fill", refuse)


@pytest.mark.usefixtures("never_decoded")
@pytest.mark.parametrize("size", [(7072, 7072), (16_384, 10), (10, 16_384), (60_000, 60_000)])
@pytest.mark.parametrize("use", [inspect, render, square_avatar])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_too_many_pixels_are_refused_before_decoding(use: Any, size: tuple[int, int]) -> None:
    with pytest.raises(InvalidImage) as caught:
        use(pictures.png_header(*size))
    assert not isinstance(caught.value.__cause__, AssertionError)


def test_the_pixels_of_all_frames_are_added_up() -> None:
    bomb = pictures.gif_bomb(frames=120)
    assert len(bomb.getvalue()) < 500_000
    with pytest.raises(InvalidImage):
        inspect(bomb)
    assert inspect(pictures.gif_bomb(frames=3)).frames == 3


def test_a_great_many_tiny_frames_are_too_many() -> None:
    with pytest.raises(InvalidImage):
        inspect(pictures.gif_bomb(frames=7_000, width=4, height=4))


def test_frames_larger_than_the_canvas_count_with_their_own_size() -> None:
    file = bytearray(pictures.gif_bomb(frames=120).getvalue())
    file[6:10] = b"\1\0\1\0"
    shape = walk_gif(BytesIO(file), max_frames=1_000)
    assert (shape.frames, shape.width, shape.height) == (120, 1000, 1000)
    with pytest.raises(InvalidImage):
        inspect(BytesIO(file))


def test_the_limits_are_settings(settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"IMAGE_MAX_PIXELS": 400 * 300 - 1}
    with pytest.raises(InvalidImage):
        inspect(pictures.photo())
    settings.NINJA_ORGKIT = {"IMAGE_MAX_SIDE": 399}
    with pytest.raises(InvalidImage):
        inspect(pictures.photo())
    settings.NINJA_ORGKIT = {"IMAGE_MAX_FRAME_PIXELS": 200 * 150 * 4 - 1}
    with pytest.raises(InvalidImage):
        inspect(pictures.animation("WEBP"))
    settings.NINJA_ORGKIT = {"IMAGE_MAX_PIXELS": 400 * 300, "IMAGE_MAX_SIDE": 400}
    assert inspect(pictures.photo()).width == 400


def test_a_jpeg_with_too_many_scans_is_invalid() -> None:
    content = pictures.written(pictures.quarters(), "JPEG", progressive=True).getvalue()
    last = content.rindex(b"\xff\xda")
    with pytest.raises(InvalidImage):
        inspect(BytesIO(content[:last] + content[last:-2] * 200 + b"\xff\xd9"))


def _scans(content: bytes) -> tuple[bytes, bytes]:
    """Return what comes before the last scan of a JPEG, and this scan."""
    last = content.rindex(b"\xff\xda")
    return content[:last], content[last:-2]


@pytest.mark.parametrize(
    "between", [b"\0", b"junk", b"\xff\xff", b"\xff\0", b"\xff\xd3", b"\xff\xfe\0\2", b"\xff\xfe\0\0"]
)
def test_scans_behind_other_segments_are_counted(between: bytes) -> None:
    before, scan = _scans(pictures.written(pictures.quarters(), "JPEG", progressive=True).getvalue())
    few = BytesIO(before + (between + scan) * 50 + b"\xff\xd9")
    inspect(few)
    with pytest.raises(InvalidImage, match="damaged"):
        inspect(BytesIO(before + (between + scan) * 200 + b"\xff\xd9"))


@pytest.mark.parametrize("size", [2, 300, 65_535])
def test_scans_are_counted_anywhere_in_the_file(size: int) -> None:
    before, scan = _scans(pictures.written(pictures.quarters(), "JPEG", progressive=True).getvalue())
    comment = b"\xff\xfe" + size.to_bytes(2, "big") + b"x" * (size - 2)
    check_whole(BytesIO(before + (comment + scan) * 90 + b"\xff\xd9"), JPEG)
    with pytest.raises(InvalidImage):
        check_whole(BytesIO(before + (comment + scan) * 120 + b"\xff\xd9"), JPEG)


def test_a_jpeg_that_consists_of_segments_only_is_invalid() -> None:
    content = pictures.written(pictures.quarters(), "JPEG").getvalue()
    with pytest.raises(InvalidImage):
        check_whole(BytesIO(content[:2] + b"\xff\xfe\0\2" * 300_000 + content[2:]), JPEG)


def test_a_jpeg_with_a_segment_beyond_the_end_of_the_file_is_invalid() -> None:
    content = pictures.written(pictures.quarters(), "JPEG").getvalue()
    with pytest.raises(InvalidImage):
        inspect(BytesIO(content[:2] + b"\xff\xfe\xff\xff" + content[2:]))


@pytest.mark.parametrize("filler", [b"!\xfe\0", b"!\xfe" + b"\1x" * 300_000 + b"\0"])
def test_a_gif_that_consists_of_blocks_only_is_invalid(filler: bytes) -> None:
    content = pictures.written(pictures.quarters(), "GIF").getvalue()
    filling = filler * (300_000 if len(filler) < 10 else 1)
    with pytest.raises(InvalidImage):
        inspect(BytesIO(content[:-1] + filling + b";"))
