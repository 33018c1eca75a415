"""What is done with the pixels of a decoded picture: convert, resize and turn them."""

from __future__ import annotations

import math

from PIL import Image

from ninja_orgkit.media.decoding import eight_bits, rows

Size = tuple[int, int]

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {5, 6, 7, 8}
_FEW = 256  # colours
_BAND = 128  # rows
_STRIP_PIXELS = 4_000_000
_SUPPORT = {Image.Resampling.LANCZOS: 3.0, Image.Resampling.BOX: 0.5}


def workable(frame: Image.Image) -> Image.Image:
    """Return a picture in a mode that can be resized (L, LA, RGB, RGBA, CMYK), with its transparency."""
    if frame.mode.startswith("I"):
        return eight_bits(frame)
    clear = frame.has_transparency_data
    if frame.mode in ("1", "L"):
        return frame.convert("LA" if clear else "L")
    if frame.mode in ("LA", "RGBA", "CMYK") or (frame.mode == "RGB" and not clear):
        return frame
    return frame.convert("RGBA" if clear else "RGB")


def has_few_colours(frame: Image.Image) -> bool:
    """Tell whether a picture has at most 256 colours, as drawings have."""
    return frame.mode in ("1", "L", "P") or (not frame.mode.startswith("I") and frame.getcolors(_FEW) is not None)


def reduced(
    frame: Image.Image,
    size: Size,
    *,
    box: tuple[float, float, float, float] | None = None,
    resample: Image.Resampling = Image.Resampling.LANCZOS,
) -> Image.Image:
    """Resize a decoded frame, or the ``box`` of it, and convert it to a mode that can be worked on.

    The result is made in bands, each from the rows that it depends on. The copies that conversion and resampling make
    are then as small as a band. The pixels are those of a single resize, but for rounding.
    """
    width, height = size
    left, start, right, end = box or (0, 0, frame.width, frame.height)
    scale = (end - start) / height
    margin = math.ceil(_SUPPORT[resample] * max(scale, 1)) + 1
    step = max(1, min(_BAND, int(_STRIP_PIXELS / (frame.width * scale))))
    picture: Image.Image | None = None
    for top in range(0, height, step):
        bottom = min(top + step, height)
        upper, lower = start + top * scale, min(start + bottom * scale, end)
        first, last = max(0, math.floor(upper) - margin), min(frame.height, math.ceil(lower) + margin)
        strip = workable(rows(frame, first, last))
        band = strip.resize((width, bottom - top), resample, box=(left, upper - first, right, lower - first))
        picture = picture or Image.new(band.mode, size)
        picture.paste(band, (0, top))
    assert picture is not None  # noqa: S101  # no side is ever 0
    return picture


def turned(picture: Image.Image, orientation: int) -> Image.Image:
    """Return a picture turned upright according to its EXIF orientation."""
    return picture.transpose(_TURNS[orientation]) if orientation in _TURNS else picture


def turned_size(size: Size, orientation: int) -> Size:
    """Return the size of a picture after it is turned upright."""
    return (size[1], size[0]) if orientation in _SIDEWAYS else size


def fit(size: Size, side: int) -> Size:
    """Return the size in pixels that fits into a square of ``side`` pixels. It never grows, and is at least 1 by 1."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def resized(picture: Image.Image, size: Size) -> Image.Image:
    """Return a picture at exactly ``size`` pixels."""
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)


def average(picture: Image.Image) -> str:
    """Return the average colour of the visible pixels, white when none is visible."""
    red, green, blue, alpha = picture.convert("RGBA").resize((1, 1), Image.Resampling.BOX).tobytes()
    return f"#{red:02x}{green:02x}{blue:02x}" if alpha else "#ffffff"
