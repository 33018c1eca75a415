"""Smaller pictures made of a picture, and avatars.

Sizes are computed from the original's dimensions. There is one decode, scaled where the format can do that; each size
is made from the next larger one; colours and orientation are put right on the largest rendition, not on the source.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from typing import IO, Any, NamedTuple

from django.core.exceptions import ImproperlyConfigured
from PIL import Image

from ninja_orgkit.conf import settings
from ninja_orgkit.media.formats import GIF
from ninja_orgkit.media.pictures import (
    ImageInfo,
    Size,
    Source,
    average,
    fit,
    opened,
    srgb,
    turned,
    turned_size,
    workable,
)

_METHOD = 4
_AVATAR_QUALITY = 85
_LANCZOS_SUPPORT = 3
_BAND = 128  # rows
_NO_DELAY = 100  # milliseconds that browsers give a frame without a duration of its own
_MAX_DELAY = 65_535
_FLAGS = 20  # where in a file of the extended format they are
_HAS_ALPHA = 0x10


class Rendition(NamedTuple):
    """One smaller picture: the bytes of a WebP file, and its size in pixels."""

    content: bytes
    width: int
    height: int


class Rendered(NamedTuple):
    """Everything that was made of a picture."""

    info: ImageInfo
    renditions: dict[str, Rendition]


def render(file: IO[bytes], specs: Mapping[str, tuple[int, int]] | None = None) -> Rendered:
    """Make the renditions of a picture.

    ``specs`` is name → (side of the box in pixels, WebP quality); the setting ``RENDITIONS`` when not given. Each fits
    within its box and is never larger than the original; upright, in sRGB, with its transparency and animation, and
    without any metadata. Raises what ``inspect`` raises.
    """
    specs = specs or settings.RENDITIONS
    wanted = _largest_first(specs)  # outside of the block: a wrong setting is not the fault of the picture
    with opened(file) as source:
        animated = source.frames - source.first > 1
        info, made = (_render_animation if animated else _render_still)(source, wanted)
    return Rendered(info, {name: made[name] for name in specs})


def _largest_first(specs: Mapping[str, tuple[int, int]]) -> list[tuple[str, tuple[int, int]]]:
    if not specs:
        raise ImproperlyConfigured("The setting RENDITIONS has none.")
    boxes = [(name, (side, quality)) for name, (side, quality) in specs.items()]
    return sorted(boxes, key=lambda box: box[1], reverse=True)


_Made = tuple[ImageInfo, dict[str, Rendition]]


def _render_still(source: Source, wanted: Sequence[tuple[str, tuple[int, int]]]) -> _Made:
    """Render a still picture; encoders hold no interpreter lock, so they work beside the reductions."""
    largest = wanted[0][1][0]
    picture, orientation = _upright(source, fit(source.size, largest))
    upright = turned_size(source.size, orientation)
    encoded: dict[tuple[Size, int], Future[bytes]] = {}
    with ThreadPoolExecutor(max_workers=2) as encoders:
        for _, (side, quality) in wanted:
            size = fit(upright, side)
            if size != picture.size:
                picture = picture.resize(size, Image.Resampling.LANCZOS)
            elif encoded:
                picture = picture.copy()  # save() keeps its options on the picture: one encoder, one picture
            if (size, quality) not in encoded:
                encoded[size, quality] = encoders.submit(_webp, picture, quality)
    info = source.info(orientation, average(picture))
    sizes = {name: (fit(upright, side), quality) for name, (side, quality) in wanted}
    return info, {name: Rendition(encoded[key].result(), *key[0]) for name, key in sizes.items()}


def _upright(source: Source, target: Size) -> tuple[Image.Image, int]:
    """Decode a still picture; return it at ``target`` pixels (of the picture as stored), upright and in sRGB."""
    source.draft(target)
    frame = next(source.decoded())
    icc, orientation = frame.info.get("icc_profile"), source.orientation()
    picture = _reduced(frame, target)
    source.release()
    del frame  # together with the release: the full picture is the most of the memory
    return turned(srgb(picture, icc), orientation), orientation


def _reduced(frame: Image.Image, size: Size) -> Image.Image:
    """Resize a decoded frame, in a mode that can be worked on.

    It goes by bands of the result, each from the rows that it depends on, so that the copies which converting and
    resampling make are of a band and not of the whole; the result is that of one resize.
    """
    width, height = size
    scale = frame.height / height
    margin = math.ceil(_LANCZOS_SUPPORT * max(scale, 1)) + 1
    picture: Image.Image | None = None
    for top in range(0, height, _BAND):
        rows = min(_BAND, height - top)
        upper, lower = top * scale, min((top + rows) * scale, frame.height)
        first, last = max(0, math.floor(upper) - margin), min(frame.height, math.ceil(lower) + margin)
        strip = workable(frame.crop((0, first, frame.width, last)))
        band = strip.resize((width, rows), Image.Resampling.LANCZOS, box=(0, upper - first, frame.width, lower - first))
        picture = picture or Image.new(band.mode, size)
        picture.paste(band, (0, top))
    assert picture is not None  # noqa: S101  # no side is ever 0
    return picture


def _webp(picture: Image.Image, quality: int) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=_METHOD)
    return buffer.getvalue()


class _Tail:
    """The frames after the first, made one at a time while the encoder asks for them.

    The encoder keeps nothing of a frame, so neither has anybody else to: an animation of any length takes the memory
    of one frame. It wants of an appended picture what is below.
    """

    mode = "RGBA"

    def __init__(self, frames: Iterator[Image.Image], count: int) -> None:
        self.frames = frames
        self.n_frames = count

    def seek(self, index: int) -> None:
        """Go on to the next frame; the encoder asks in order."""
        self.frame = next(self.frames)

    def getim(self) -> Any:
        """Return the pixels of the present frame."""
        return self.frame.getim()


def _render_animation(source: Source, wanted: Sequence[tuple[str, tuple[int, int]]]) -> _Made:
    made: dict[str, Rendition] = {}
    done: dict[tuple[Size, int], bytes] = {}
    colour, orientation = "", 1
    for name, (side, quality) in wanted:
        target = fit(source.size, side)
        if (target, quality) not in done:
            done[target, quality], first = _encode_animation(source, target, quality)
            colour, orientation = average(first), source.orientation()
        made[name] = Rendition(done[target, quality], *turned_size(target, orientation))
    return source.info(orientation, colour), made


def _resized(picture: Image.Image, size: Size) -> Image.Image:
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)


def _encode_animation(source: Source, target: Size, quality: int) -> tuple[bytes, Image.Image]:
    """Return an animated WebP file, and its first frame."""
    delays: list[int] = []
    has_alpha = False

    def frames() -> Iterator[Image.Image]:
        nonlocal has_alpha
        for frame in source.decoded():
            delay = round(frame.info.get("duration") or _NO_DELAY)
            delays.append(min(max(delay, 1), _MAX_DELAY))
            picture = _resized(workable(frame).convert("RGBA").crop((0, 0, *source.size)), target)
            picture = srgb(picture, frame.info.get("icc_profile"))
            has_alpha = has_alpha or not _is_opaque(picture)
            yield turned(picture, source.orientation())

    pictures = frames()
    first = next(pictures)
    tail: Any = _Tail(pictures, source.frames - source.first - 1)
    buffer = BytesIO()
    # The encoder reads a duration after its frame, so the list may grow meanwhile.
    first.save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=[tail],
        duration=delays,
        loop=_loops(source),
        quality=quality,
        method=_METHOD,
        background=(0, 0, 0, 0),
    )
    content = buffer.getvalue()
    return _announce_alpha(content) if has_alpha else content, first


def _is_opaque(picture: Image.Image) -> bool:
    return picture.getchannel("A").getextrema() == (255, 255)


def _announce_alpha(content: bytes) -> bytes:
    """Set the alpha flag of an animated WebP file (RFC 9649, 2.7).

    The encoder stores of each frame the part that can be seen, and where these are all opaque it leaves the flag out;
    what is around them is then shown as black.
    """
    if content[12:16] != b"VP8X":
        return content
    return content[:_FLAGS] + bytes([content[_FLAGS] | _HAS_ALPHA]) + content[_FLAGS + 1 :]


def _loops(source: Source) -> int:
    """Return how often WebP plays it, 0 for ever. A GIF says how often it is *repeated*, and by silence: not at all."""
    loops = source.image.info.get("loop")
    if source.kind is GIF:
        loops = 1 if loops is None else loops + 1 if loops else 0
    return min(int(loops or 0), 65_535)


def square_avatar(file: IO[bytes], sizes: Sequence[int] | None = None) -> dict[int, bytes]:
    """Return WebP files of exactly ``sizes`` pixels (the setting ``AVATAR_SIZES``), cut from the picture's centre.

    Upright, in sRGB, without metadata; of an animation the first frame. A smaller picture is scaled up. Raises what
    ``inspect`` raises.
    """
    wanted = sorted(sizes or settings.AVATAR_SIZES, reverse=True)
    with opened(file) as source:
        shorter = min(source.size)
        scale = min(1.0, wanted[0] / shorter)
        source.draft((round(source.size[0] * scale), round(source.size[1] * scale)))
        frame = next(source.decoded())
        icc, orientation = frame.info.get("icc_profile"), source.orientation()
        picture = workable(frame)
        side = (wanted[0], wanted[0])
        picture = picture.resize(side, Image.Resampling.LANCZOS, box=_centre(picture.size))
        picture = turned(srgb(picture, icc), orientation)
        made = {}
        for size in wanted:
            picture = _resized(picture, (size, size))
            made[size] = _webp(picture, _AVATAR_QUALITY)
        return made


def _centre(size: Size) -> tuple[float, float, float, float]:
    """Return the largest square in the middle."""
    width, height = size
    side = min(size)
    left, top = (width - side) / 2, (height - side) / 2
    return left, top, left + side, top + side
