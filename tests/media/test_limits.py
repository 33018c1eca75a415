"""Limits for small files that decode to very large pictures."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from PIL import _imaging as core
from pytest_django import Settings

from ninja_orgkit import conf
from ninja_orgkit.media.errors import ImageTooLarge, InvalidImage
from ninja_orgkit.media.formats.gif import read_gif
from ninja_orgkit.media.formats.jpeg import read_jpeg
from ninja_orgkit.media.pictures import inspect
from ninja_orgkit.media.renditions import render, square_avatar
from tests.media import pictures

pytestmark = pytest.mark.once


@pytest.fixture
def never_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail if the test decodes pixels."""

    def refuse(*_args: Any) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(core, "new", refuse)
    monkeypatch.setattr(core, "fill", refuse)


@pytest.mark.usefixtures("never_decoded")
@pytest.mark.parametrize("size", [(8001, 8000), (16_384, 10), (10, 16_384), (60_000, 60_000)])
@pytest.mark.parametrize("use", [inspect, render, square_avatar])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_too_many_pixels_are_refused_before_decoding(use: Any, size: tuple[int, int]) -> None:
    with pytest.raises(ImageTooLarge) as caught:
        use(pictures.png_header(*size))
    assert not isinstance(caught.value.__cause__, AssertionError)


def test_the_pixels_of_all_frames_are_added_up() -> None:
    bomb = pictures.gif_bomb(frames=130)
    assert len(bomb.getvalue()) < 500_000
    with pytest.raises(ImageTooLarge):
        inspect(bomb)
    assert inspect(pictures.gif_bomb(frames=3)).frames == 3


def test_a_great_many_tiny_frames_are_too_many() -> None:
    with pytest.raises(ImageTooLarge):
        inspect(pictures.gif_bomb(frames=8_000, width=4, height=4))


def test_frames_larger_than_the_canvas_count_with_their_own_size() -> None:
    file = bytearray(pictures.gif_bomb(frames=130).getvalue())
    file[6:10] = b"\1\0\1\0"
    contents = read_gif(BytesIO(file), max_frames=1_000)
    assert (len(contents.layers), contents.width, contents.height) == (130, 1000, 1000)
    with pytest.raises(ImageTooLarge):
        inspect(BytesIO(file))


def test_the_limits_are_settings(settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"IMAGE_MAX_PIXELS": 400 * 300 - 1}
    with pytest.raises(ImageTooLarge):
        inspect(pictures.photo())
    settings.NINJA_ORGKIT = {"IMAGE_MAX_SIDE": 399}
    with pytest.raises(ImageTooLarge):
        inspect(pictures.photo())
    settings.NINJA_ORGKIT = {"IMAGE_MAX_FRAME_PIXELS": 200 * 150 * 4 - 1}
    with pytest.raises(ImageTooLarge):
        inspect(pictures.animation("WEBP"))
    settings.NINJA_ORGKIT = {"IMAGE_MAX_PIXELS": 400 * 300, "IMAGE_MAX_SIDE": 400}
    assert inspect(pictures.photo()).width == 400


@pytest.mark.parametrize(
    ("limits", "detail"),
    [
        ({"IMAGE_MAX_PIXELS": 29_999}, "This picture has 30000 pixels. The limit is 29999."),
        ({"IMAGE_MAX_SIDE": 199}, "This picture has a side of 200 pixels. The limit is 199."),
        ({"IMAGE_MAX_FRAME_PIXELS": 119_999}, "This picture has 120000 pixels in all its frames. The limit is 119999."),
    ],
)
@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_the_detail_says_which_limit_was_exceeded(
    settings: Settings, kind: str, limits: dict[str, int], detail: str
) -> None:
    settings.NINJA_ORGKIT = limits
    with pytest.raises(ImageTooLarge) as caught:
        inspect(pictures.animation(kind))
    assert (caught.value.code, caught.value.status) == ("image_too_large", 422)
    assert caught.value.detail == detail


def test_the_default_limits_are_64_million_pixels_a_frame_and_128_million_in_all() -> None:
    assert (conf.settings.IMAGE_MAX_PIXELS, conf.settings.IMAGE_MAX_FRAME_PIXELS) == (64_000_000, 128_000_000)
    assert conf.settings.IMAGE_MAX_SIDE == 16_383


@pytest.mark.parametrize("use", [inspect, render, square_avatar])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "AVIF", "GIF", "WEBP"])
def test_the_limit_of_the_image_library_is_not_behind_ours(
    monkeypatch: pytest.MonkeyPatch, use: Any, kind: str
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 30_000)
    use(pictures.written(pictures.quarters(400, 300), kind))
    if kind in ("GIF", "PNG", "WEBP", "AVIF"):
        use(
            pictures.written(pictures.quarters(400, 300), kind, save_all=True, append_images=[pictures.grain(400, 300)])
        )
    assert Image.MAX_IMAGE_PIXELS == 30_000


def test_the_work_on_the_renditions_of_an_animation_is_bounded(settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"ANIMATION_MAX_RENDERED_PIXELS": 4 * (200 * 150 + 160 * 120) - 1}
    for use in (inspect, render):
        with pytest.raises(ImageTooLarge, match=r"196800 pixels in all its renditions. The limit is 196799"):
            use(pictures.animation())
    assert square_avatar(pictures.animation())
    assert inspect(pictures.photo()).width == 400
    settings.NINJA_ORGKIT = {"ANIMATION_MAX_RENDERED_PIXELS": 4 * (200 * 150 + 160 * 120)}
    assert render(pictures.animation()).info.frames == 4


class _Counted(BytesIO):
    """A file that counts the bytes that are read of it."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


def test_the_frames_of_an_animation_are_decoded_once_for_all_renditions() -> None:
    first, *others = (pictures.grain(300, 200) for _ in range(5))
    file = _Counted(pictures.written(first, "GIF", save_all=True, append_images=others).getvalue())
    render(file, {"a": (300, 80), "b": (200, 80), "c": (100, 80), "d": (50, 80)})
    assert file.count < 1.1 * len(file.getvalue())


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF"])
def test_an_animation_that_breaks_off_ends_all_its_encoders(kind: str) -> None:
    content = pictures.animation(kind, frames=12).getvalue()
    with pytest.raises(InvalidImage):
        render(BytesIO(content[: len(content) * 2 // 3]))


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
    read_jpeg(BytesIO(before + (comment + scan) * 90 + b"\xff\xd9"))
    with pytest.raises(InvalidImage):
        read_jpeg(BytesIO(before + (comment + scan) * 120 + b"\xff\xd9"))


def test_a_jpeg_that_consists_of_segments_only_is_invalid() -> None:
    content = pictures.written(pictures.quarters(), "JPEG").getvalue()
    with pytest.raises(InvalidImage):
        read_jpeg(BytesIO(content[:2] + b"\xff\xfe\0\2" * 300_000 + content[2:]))


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
