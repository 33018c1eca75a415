"""The bytes of a file decide whether it is a picture."""

from __future__ import annotations

import random
import re
import zlib
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from PIL import Image

from ninja_orgkit.media.errors import InvalidImage, UnsupportedImage
from ninja_orgkit.media.pictures import Source, examine, inspect
from tests.media import pictures
from tests.media.chunks import GREY, RGB, RGB_ALPHA, SIGNATURE, chunk, header, png, rows

pytestmark = pytest.mark.once

# What follows the picture in a file, and may be missing
END_MARKERS = {"JPEG": b"\xff\xd9", "GIF": b"\0;"}
FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "AVIF": "avif", "GIF": "gif"}


@pytest.mark.parametrize("kind", FORMATS)
def test_the_five_formats_are_known_by_their_bytes(kind: str) -> None:
    info = inspect(pictures.written(pictures.quarters(), kind))
    assert (info.format, info.extension, info.width, info.height, info.frames) == (
        kind.lower(),
        FORMATS[kind],
        400,
        300,
        1,
    )


@pytest.mark.parametrize("orientation", range(1, 9))
def test_width_and_height_are_those_of_the_upright_picture(orientation: int) -> None:
    info = inspect(pictures.photo(400, 300, orientation))
    assert (info.width, info.height) == ((400, 300) if orientation < 5 else (300, 400))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_the_frames_of_an_animation_are_counted(kind: str) -> None:
    assert inspect(pictures.animation(kind)).frames == 4


def test_the_placeholder_is_the_average_visible_colour() -> None:
    assert inspect(pictures.written(Image.new("RGB", (9, 9), (10, 20, 30)), "PNG")).placeholder == "#0a141e"
    half = Image.new("RGBA", (10, 10), (10, 20, 30, 255))
    half.paste((255, 0, 0, 0), (0, 0, 5, 10))
    assert inspect(pictures.written(half, "PNG")).placeholder == "#0a141e"
    assert inspect(pictures.written(Image.new("RGBA", (9, 9), (0, 0, 0, 0)), "PNG")).placeholder == "#ffffff"


@pytest.mark.parametrize(
    "content", [pictures.SVG, pictures.HTML, b"%PDF-1.7", b"BM" + bytes(60), b"\0" * 100, b"hello"]
)
def test_other_files_are_unsupported(content: bytes) -> None:
    with pytest.raises(UnsupportedImage):
        inspect(BytesIO(content))


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "ICO", "PPM", "TGA"])
def test_other_formats_that_pillow_can_read_are_unsupported(kind: str) -> None:
    with pytest.raises(UnsupportedImage):
        inspect(pictures.written(pictures.quarters(40, 30), kind))


def test_a_heic_photo_of_an_iphone_is_unsupported() -> None:
    heic = b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(200)
    with pytest.raises(UnsupportedImage):
        inspect(BytesIO(heic))


def test_an_empty_file_is_invalid() -> None:
    with pytest.raises(InvalidImage):
        inspect(BytesIO())


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("missing", [1, 3, 9, 100, 0.3, 0.5, 0.9])
def test_a_file_whose_picture_is_truncated_is_invalid(kind: str, missing: float) -> None:
    content = pictures.written(pictures.grain(), kind).getvalue().removesuffix(END_MARKERS.get(kind, b""))
    cut = missing if isinstance(missing, int) else round(len(content) * missing)
    with pytest.raises(InvalidImage):
        inspect(BytesIO(content[:-cut]))


@pytest.mark.parametrize(("depth", "colour"), [(1, GREY), (8, GREY), (16, GREY), (8, RGB), (16, RGB), (8, RGB_ALPHA)])
@pytest.mark.parametrize("ending", ["black", "bright"])
def test_a_png_whose_pixels_end_too_early_is_invalid(depth: int, colour: int, ending: str) -> None:
    line = random.Random(1).randbytes((16 * depth * {GREY: 1, RGB: 3, RGB_ALPHA: 4}[colour] + 7) // 8)
    last = bytes(len(line)) if ending == "black" else line
    lines = [line] * 15 + [last]
    assert inspect(png(lines, width=16, depth=depth, colour=colour)).height == 16
    whole = b"".join(b"\0" + row for row in lines)
    for kept in (0, 1, len(whole) // 2, len(whole) - 1):
        pixels = chunk(b"IDAT", zlib.compress(whole[:kept]))
        content = SIGNATURE + header(16, 16, depth, colour) + pixels + chunk(b"IEND", b"")
        with pytest.raises(InvalidImage):
            inspect(BytesIO(content))


@pytest.mark.parametrize("height", [5, 6])
def test_an_interlaced_png_whose_pixels_end_too_early_is_invalid(height: int) -> None:
    start = SIGNATURE + header(6, height, interlaced=True)
    # Of each pass its columns and rows
    passes = [(1, 1), (1, 1), (2, 1), (1, 2), (3, len(range(2, height, 4))), (3, len(range(0, height, 2)))]
    passes.append((6, height // 2))
    whole = b"".join((b"\0" + b"\xc8\x64\x32" * columns) * rows for columns, rows in passes)
    for kept, is_valid in ((len(whole), True), (len(whole) - 1, False), (len(whole) - 19, False), (1, False)):
        file = BytesIO(start + chunk(b"IDAT", zlib.compress(whole[:kept])) + chunk(b"IEND", b""))
        if is_valid:
            assert inspect(file).placeholder == "#c86432"
        else:
            with pytest.raises(InvalidImage):
                inspect(file)


def test_more_pixels_than_a_png_needs_are_ignored() -> None:
    content = SIGNATURE + header(2, 2, colour=GREY) + chunk(b"IDAT", rows([b"\0\0"] * 9)[:-4] + b"junk")
    assert inspect(BytesIO(content + chunk(b"IEND", b""))).height == 2


@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 1}])
def test_a_jpeg_needs_no_end_marker(missing: int, options: dict[str, Any]) -> None:
    for size in [(400, 300), (16, 16), (1, 1), (3, 200)]:
        content = pictures.written(pictures.grain(*size), "JPEG", **options).getvalue()
        info = inspect(BytesIO(content[:-missing]))
        assert info == inspect(BytesIO(content))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 8}])
@pytest.mark.parametrize("kept", [0.3, 0.5])
def test_an_end_marker_does_not_replace_missing_rows_of_a_jpeg(kept: float, options: dict[str, Any]) -> None:
    content = pictures.written(pictures.grain(), "JPEG", **options).getvalue()
    with pytest.raises(InvalidImage):
        inspect(BytesIO(content[: round(len(content) * kept)] + b"\xff\xd9"))


def test_a_progressive_jpeg_without_its_last_scans_is_invalid() -> None:
    content = pictures.written(pictures.grain(), "JPEG", progressive=True).getvalue()
    scans = [found.start() for found in re.finditer(rb"\xff\xda", content)]
    assert len(scans) > 5
    for start in scans[1:]:
        for end in (b"", b"\xff\xd9"):
            with pytest.raises(InvalidImage):
                inspect(BytesIO(content[:start] + end))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
@pytest.mark.parametrize("size", [(400, 300), (130, 200)])
def test_a_jpeg_that_ends_at_a_restart_marker_is_invalid(size: tuple[int, int], options: dict[str, Any]) -> None:
    content = pictures.written(pictures.grain(*size), "JPEG", restart_marker_rows=1, **options).getvalue()
    inspect(BytesIO(content[:-2]))
    start = content.rindex(b"\xff\xda")
    restarts = [found.start() for found in re.finditer(rb"\xff[\xd0-\xd7]", content) if found.start() > start]
    assert len(restarts) > 5
    for restart in restarts:
        for kept in (restart, restart + 1, restart + 2):
            with pytest.raises(InvalidImage):
                inspect(BytesIO(content[:kept]))


def test_a_jpeg_that_names_only_some_coefficients_needs_its_end_marker() -> None:
    content = pictures.written(pictures.grain(), "JPEG", progressive=True).getvalue()
    scans = [found.start() for found in re.finditer(rb"\xff\xda", content)]
    bounds = pairwise([*scans, len(content) - 2])
    # The averages are the only coefficients whose scans have three components.
    averages = b"".join(content[start:end] for start, end in bounds if content[start + 4] == 3)
    blurred = content[: scans[0]] + averages
    assert inspect(BytesIO(blurred + b"\xff\xd9")).width == 400
    with pytest.raises(InvalidImage):
        inspect(BytesIO(blurred))


@pytest.mark.parametrize("missing", [1, 2])
def test_a_gif_needs_no_trailer(missing: int) -> None:
    for content in (pictures.written(pictures.grain(), "GIF").getvalue(), pictures.animation().getvalue()):
        assert inspect(BytesIO(content[:-missing])) == inspect(BytesIO(content))


def test_stray_zero_bytes_between_the_blocks_of_a_gif_are_skipped() -> None:
    content = pictures.animation().getvalue()
    control = b"!\xf9\4"
    assert content.count(control) == 4
    assert inspect(BytesIO(content.replace(control, b"\0\0\0" + control))) == inspect(BytesIO(content))


def test_a_gif_that_ends_within_a_comment_is_valid() -> None:
    content = pictures.animation().getvalue()
    assert inspect(BytesIO(content[:-1] + b"!\xfe\x20a comment")).frames == 4


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9, 0.99])
def test_a_truncated_animation_is_invalid(kind: str, kept: float) -> None:
    content = pictures.animation(kind, frames=12).getvalue()
    with pytest.raises(InvalidImage):
        inspect(BytesIO(content[: round(len(content) * kept)]))


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_jpeg_of_any_kind_without_the_last_byte_of_its_picture_is_invalid(options: dict[str, Any]) -> None:
    # The decoder alone accepts a few of these: it depends on the last bits of the picture.
    for width, height in [(900, 700), *[(64, 64)] * 100]:
        content = pictures.written(pictures.grain(width, height), "JPEG", **options).getvalue()
        inspect(BytesIO(content[:-2]))
        with pytest.raises(InvalidImage):
            inspect(BytesIO(content[:-3]))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_header_without_a_picture_is_invalid(kind: str) -> None:
    content = pictures.written(pictures.quarters(), kind).getvalue()
    with pytest.raises(InvalidImage):
        inspect(BytesIO(content[:20] + b"\x13" * 400))


def test_a_jpeg_with_further_pictures_inside_is_one_picture() -> None:
    content = pictures.written(pictures.quarters(), "MPO", save_all=True, append_images=[pictures.grain(100, 80)])
    info = inspect(content)
    assert (info.format, info.frames, info.width) == ("jpeg", 1, 400)
    assert not content.closed


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_data_that_cameras_append_to_a_jpeg_is_ignored(options: dict[str, Any]) -> None:
    content = pictures.written(pictures.grain(), "JPEG", **options).getvalue()
    film = random.Random(1).randbytes(8_000_000)
    assert film.count(b"\xff\xda") > 100
    assert inspect(BytesIO(content + film)).width == 400


def test_pictures_in_the_metadata_of_a_jpeg_are_ignored() -> None:
    previews = b"\xff\xda\0\x08" * 1_000
    content = pictures.written(pictures.quarters(), "JPEG", comment=previews, exif=b"Exif\0\0" + previews).getvalue()
    assert inspect(BytesIO(content)).width == 400


def test_a_jpeg_with_restart_markers_is_valid() -> None:
    content = pictures.written(pictures.grain(900, 700), "JPEG", quality=95, restart_marker_blocks=1).getvalue()
    assert len(re.findall(rb"\xff[\xd0-\xd7]", content)) > 1_000
    assert inspect(BytesIO(content)).width == 900


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_exif_does_not_make_a_picture_invalid() -> None:
    content = pictures.written(pictures.quarters(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\xee" * 50)
    assert inspect(content).width == 400


def test_a_worker_timeout_does_not_make_the_picture_invalid() -> None:
    def interrupted(_source: Source) -> None:
        raise SoftTimeLimitExceeded

    with pytest.raises(SoftTimeLimitExceeded):
        examine(pictures.photo(400, 300), interrupted)
