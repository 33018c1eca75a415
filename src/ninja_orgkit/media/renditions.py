"""Renditions of a picture, which are smaller WebP files, and avatars.

Sizes are computed from the size of the original. A picture is decoded once, scaled down where the decoder can do that.
Each size is made from the next larger one. Colours and orientation are corrected on the largest rendition, not on the
source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from typing import IO, NamedTuple

from django.core.exceptions import ImproperlyConfigured
from PIL import Image

from ninja_orgkit.conf import settings
from ninja_orgkit.media.animations import encode_animation
from ninja_orgkit.media.formats.signatures import JPEG
from ninja_orgkit.media.pictures import ImageInfo, Source, check_work, examine
from ninja_orgkit.media.pixels import (
    Size,
    average,
    fit,
    has_few_colours,
    reduced,
    resized,
    turned,
    turned_size,
)

METHOD = 4
"""The effort of the WebP encoder, from 0 (fast) to 6 (small)."""

_AVATAR_QUALITY = 85


class Rendition(NamedTuple):
    """The bytes of a WebP file, and its size in pixels."""

    content: bytes
    width: int
    height: int


class Rendered(NamedTuple):
    """The facts about a picture, and its renditions by name."""

    info: ImageInfo
    renditions: dict[str, Rendition]


def render(file: IO[bytes], specs: Mapping[str, tuple[int, int]] | None = None) -> Rendered:
    """Render a picture in several sizes.

    ``specs`` maps a name to the side of a box in pixels and a WebP quality; the default is the setting ``RENDITIONS``.
    Each rendition fits into its box and is never larger than the original. It is upright and in sRGB, keeps
    transparency and animation, and has no metadata. Raises what ``inspect`` raises.
    """
    specs = specs or settings.RENDITIONS
    wanted = _largest_first(specs)  # not in the call, which would turn a wrong setting into InvalidImage
    info, made = examine(file, lambda source: _render(source, wanted))
    return Rendered(info, {name: made[name] for name in specs})


def _largest_first(specs: Mapping[str, tuple[int, int]]) -> list[tuple[str, tuple[int, int]]]:
    if not specs:
        raise ImproperlyConfigured("The setting RENDITIONS is empty. Keep at least one rendition.")
    boxes = [(name, (side, quality)) for name, (side, quality) in specs.items()]
    return sorted(boxes, key=lambda box: box[1], reverse=True)


_Made = tuple[ImageInfo, dict[str, Rendition]]


def _render(source: Source, wanted: Sequence[tuple[str, tuple[int, int]]]) -> _Made:
    return (_render_animation if source.frames > 1 else _render_still)(source, wanted)


def _render_still(source: Source, wanted: Sequence[tuple[str, tuple[int, int]]]) -> _Made:
    """Render a still picture. Encoders release the interpreter lock, so they run beside the resizing."""
    largest = wanted[0][1][0]
    picture, is_drawing = _upright(source, fit(source.size, largest))
    upright = turned_size(source.size, source.orientation)
    encoded: dict[tuple[Size, int], Future[bytes]] = {}
    with ThreadPoolExecutor(max_workers=2) as encoders:
        for _, (side, quality) in wanted:
            size = fit(upright, side)
            if size != picture.size:
                picture = picture.resize(size, Image.Resampling.LANCZOS)
            elif encoded:
                picture = picture.copy()  # save() keeps its options on the picture, so each encoder needs its own
            if (size, quality) not in encoded:
                encoded[size, quality] = encoders.submit(_smaller_webp if is_drawing else _webp, picture, quality)
    info = source.info(average(picture))
    sizes = {name: (fit(upright, side), quality) for name, (side, quality) in wanted}
    return info, {name: Rendition(encoded[key].result(), *key[0]) for name, key in sizes.items()}


def _upright(source: Source, target: Size) -> tuple[Image.Image, bool]:
    """Decode a still picture to ``target`` pixels before turning.

    Return it upright and in sRGB, and whether it is a drawing: then it may be smaller without loss.
    """
    source.draft(target)
    frame = next(source.decoded()).picture
    is_drawing = source.kind is not JPEG and has_few_colours(frame)
    picture, orientation = reduced(frame, target), source.orientation
    source.release()
    del frame  # together with release(), this frees the full picture, the largest part of the memory
    return turned(source.colours.convert(picture), orientation), is_drawing


def _webp(picture: Image.Image, quality: int, *, lossless: bool = False) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=METHOD, lossless=lossless)
    return buffer.getvalue()


def _smaller_webp(picture: Image.Image, quality: int) -> bytes:
    """Encode with and without loss, and return the smaller file."""
    return min(_webp(picture, quality, lossless=True), _webp(picture, quality), key=len)


def _render_animation(source: Source, wanted: Sequence[tuple[str, tuple[int, int]]]) -> _Made:
    """Render an animation. Renditions of the same size are the same, in the best of their qualities."""
    check_work(source, dict(wanted))
    qualities: dict[Size, int] = {}
    for _, (side, quality) in wanted:
        size = fit(source.size, side)
        qualities[size] = max(quality, qualities.get(size, 0))
    contents, first = encode_animation(source, qualities)
    encoded = {
        size: Rendition(content, *turned_size(size, source.orientation))
        for size, content in zip(qualities, contents, strict=True)
    }
    return source.info(average(first)), {name: encoded[fit(source.size, side)] for name, (side, _) in wanted}


def square_avatar(file: IO[bytes], sizes: Sequence[int] | None = None) -> dict[int, bytes]:
    """Return square WebP files of exactly ``sizes`` pixels, cut from the centre of a picture.

    ``sizes`` defaults to the setting ``AVATAR_SIZES``. The files are upright, in sRGB and without metadata. An
    animation gives its first frame, and a small picture is scaled up. Raises what ``inspect`` raises.
    """
    wanted = sorted(sizes or settings.AVATAR_SIZES, reverse=True)
    return examine(file, lambda source: _avatar(source, wanted))


def _avatar(source: Source, wanted: Sequence[int]) -> dict[int, bytes]:
    scale = min(1.0, wanted[0] / min(source.size))
    source.draft((round(source.size[0] * scale), round(source.size[1] * scale)))
    frame = next(source.decoded()).picture
    picture = reduced(frame, (wanted[0], wanted[0]), box=_centre(frame.size))
    picture = turned(source.colours.convert(picture), source.orientation)
    made = {}
    for size in wanted:
        picture = resized(picture, (size, size))
        made[size] = _webp(picture, _AVATAR_QUALITY)
    return made


def _centre(size: Size) -> tuple[float, float, float, float]:
    """Return the box of the largest square in the centre."""
    width, height = size
    side = min(size)
    left, top = (width - side) / 2, (height - side) / 2
    return left, top, left + side, top + side
