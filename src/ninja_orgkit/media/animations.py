"""Animated WebP files in several sizes, encoded frame by frame in the memory of one frame of each size."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Condition
from typing import Any

from PIL import Image

from ninja_orgkit.media.pictures import Source
from ninja_orgkit.media.pixels import Size, resized, turned, workable

_METHOD = 2  # the effort of the encoder, from 0 to 6; 4 takes twice as long for 3 % fewer bytes
_NO_DELAY = 100  # milliseconds, for which browsers show a frame without a duration
_MAX_DELAY = 65_535  # milliseconds
_FLAGS = 20  # the offset of the flags in a file of the extended format
_HAS_ALPHA = 0x10


def encode_animation(source: Source, qualities: Mapping[Size, int]) -> tuple[list[bytes], Image.Image]:
    """Return the bytes of an animated WebP file for each size, and the first frame in the largest size.

    ``qualities`` maps sizes before turning to WebP qualities, from the largest size to the smallest. Each frame is
    decoded once; each size has an encoder, in a thread of its own.
    """
    delays: list[int] = []
    feeds = [_Feed(source.frames) for _ in qualities]
    first: Image.Image | None = None
    has_alpha = False
    with ThreadPoolExecutor(len(feeds)) as threads:
        loops = min(source.loops(), 65_535)
        encoded = [
            threads.submit(_encode, feed, delays, loops, quality)
            for feed, quality in zip(feeds, qualities.values(), strict=True)
        ]
        try:
            for frame in source.decoded():
                delays.append(min(max(round(frame.delay or _NO_DELAY), 1), _MAX_DELAY))
                picture = workable(frame.picture).convert("RGBA")
                for feed, size in zip(feeds, qualities, strict=True):
                    smaller = resized(picture, size)
                    if feed is feeds[0]:
                        smaller = source.colours.convert(smaller)
                        has_alpha = has_alpha or not _is_opaque(smaller)
                    picture = smaller
                    upright = turned(picture, source.orientation)
                    first = first or upright
                    feed.put(upright)
        finally:
            for feed in feeds:
                feed.close()
    assert first is not None  # noqa: S101  # an animation has frames
    contents = [future.result() for future in encoded]
    return [_announce_alpha(content) for content in contents] if has_alpha else contents, first


def _encode(feed: _Feed, delays: list[int], loops: int, quality: int) -> bytes:
    buffer = BytesIO()
    try:
        first = feed.get()
        # The encoder reads a duration after its frame, so the list may still grow.
        first.save(
            buffer,
            "WEBP",
            save_all=True,
            append_images=[feed],
            duration=delays,
            loop=loops,
            quality=quality,
            method=_METHOD,
            allow_mixed=True,  # frames of few colours are stored without loss where that is smaller
            background=(0, 0, 0, 0),
        )
    finally:
        feed.close()
    return buffer.getvalue()


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


class _Feed:
    """Hands one frame after another from the thread that decodes to a thread that encodes.

    Neither waits for the other after one has closed the feed. The class has what the encoder uses of a picture with
    several frames, which are those after the first.
    """

    mode = "RGBA"

    def __init__(self, frames: int) -> None:
        self.n_frames = frames - 1
        self._changed = Condition()
        self._waiting: Image.Image | None = None
        self._is_closed = False

    def put(self, picture: Image.Image) -> None:
        """Hand over a frame, after the one before it was taken."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is None or self._is_closed)
            self._waiting = picture
            self._changed.notify_all()

    def get(self) -> Image.Image:
        """Take the next frame. Raises EOFError when there is none."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is not None or self._is_closed)
            picture, self._waiting = self._waiting, None
            self._changed.notify_all()
        if picture is None:
            raise EOFError
        return picture

    def close(self) -> None:
        """End the feed from either side."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def seek(self, index: int) -> None:
        """Go on to the next frame. The encoder requests the frames in order."""
        self.frame = self.get()

    def getim(self) -> Any:
        """Return the pixels of the current frame."""
        return self.frame.getim()
