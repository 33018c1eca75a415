"""Animated WebP files, encoded frame by frame in the memory of one frame."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from PIL import Image

from ninja_orgkit.media.pictures import Size, Source, resized, turned, workable

METHOD = 4
"""The effort of the WebP encoder, from 0 (fast) to 6 (small)."""

_NO_DELAY = 100  # milliseconds, for which browsers show a frame without a duration
_MAX_DELAY = 65_535  # milliseconds
_FLAGS = 20  # the offset of the flags in a file of the extended format
_HAS_ALPHA = 0x10


def encode_animation(source: Source, target: Size, quality: int) -> tuple[bytes, Image.Image]:
    """Return the bytes of an animated WebP file, and its first frame. ``target`` is the size before turning."""
    delays: list[int] = []
    has_alpha = False

    def frames() -> Iterator[Image.Image]:
        nonlocal has_alpha
        for frame in source.decoded():
            delays.append(min(max(round(frame.delay or _NO_DELAY), 1), _MAX_DELAY))
            picture = resized(workable(frame.picture).convert("RGBA"), target)
            picture = source.colours.convert(picture)
            has_alpha = has_alpha or not _is_opaque(picture)
            yield turned(picture, source.orientation)

    pictures = frames()
    first = next(pictures)
    tail: Any = _Tail(pictures, source.frames - 1)
    buffer = BytesIO()
    # The encoder reads a duration after its frame, so the list may still grow.
    first.save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=[tail],
        duration=delays,
        loop=min(source.loops(), 65_535),
        quality=quality,
        method=METHOD,
        background=(0, 0, 0, 0),
    )
    content = buffer.getvalue()
    return _announce_alpha(content) if has_alpha else content, first


def _is_opaque(picture: Image.Image) -> bool:
    return picture.getchannel("A").getextrema() == (255, 255)


def _announce_alpha(content: bytes) -> bytes:
    """Set the alpha flag of an animated WebP file (RFC 9649, 2.7).

    The encoder stores only the visible part of each frame, and leaves the flag out when these parts are all opaque.
    Viewers then show black around them.
    """
    if content[12:16] != b"VP8X":
        return content
    return content[:_FLAGS] + bytes([content[_FLAGS] | _HAS_ALPHA]) + content[_FLAGS + 1 :]


class _Tail:
    """The frames after the first, made one at a time when the encoder requests them.

    The encoder keeps no frame, so an animation of any length takes the memory of one frame. The class has what the
    encoder uses of a picture with several frames.
    """

    mode = "RGBA"

    def __init__(self, frames: Iterator[Image.Image], count: int) -> None:
        self.frames = frames
        self.n_frames = count

    def seek(self, index: int) -> None:
        """Go on to the next frame. The encoder requests the frames in order."""
        self.frame = next(self.frames)

    def getim(self) -> Any:
        """Return the pixels of the current frame."""
        return self.frame.getim()
