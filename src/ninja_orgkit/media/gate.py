"""Bound the memory for the pixels that a process decodes at once, however many requests bring pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock

from ninja_orgkit.conf import settings
from ninja_orgkit.media.formats.signatures import AVIF, GIF, JPEG, PNG, WEBP, Format

# Bytes of memory for each pixel that decoding takes at most, as measured with Pillow 13.0 at 6 and 12 megapixels: of a
# still picture, and of an animation. A JPEG takes them if it is progressive, because all its coefficients are kept. The
# library decodes a WebP into two canvases besides its own copies. The frames of a GIF and of a PNG are drawn by us.
_BYTES = {JPEG: (6, 6), PNG: (8, 16), GIF: (7, 25), AVIF: (12, 16), WEBP: (18, 18)}
_USUAL_BYTES = 8


class _Gate:
    """Lets pictures in one after another, in the order in which they came."""

    def __init__(self) -> None:
        self._next = Lock()
        self._changed = Condition()
        self._pixels = 0

    @contextmanager
    def decoding(self, pixels: int) -> Iterator[None]:
        """Wait until there is room for a picture, and keep it for the ``with`` block."""
        with self._next, self._changed:
            self._changed.wait_for(lambda: self._has_room_for(pixels))
            self._pixels += pixels
        try:
            yield
        finally:
            with self._changed:
                self._pixels -= pixels
                self._changed.notify_all()

    def _has_room_for(self, pixels: int) -> bool:
        """Tell whether a picture fits beside the others. One that never would is let in alone."""
        return not self._pixels or self._pixels + pixels <= settings.DECODE_PIXELS_AT_ONCE


decoding = _Gate().decoding
"""Wait until the process may decode a picture of some pixels, and count them for the ``with`` block."""


def weighed(pixels: int, kind: Format, *, is_animated: bool) -> int:
    """Return how many pixels of a still PNG take as much memory to decode as these."""
    return pixels * _BYTES[kind][is_animated] // _USUAL_BYTES
