"""What a file says about its picture, and the parts of the file that a decoder needs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate
from typing import IO, NamedTuple

from ninja_orgkit.media.errors import InvalidImage

MAX_BLOCKS = 200_000
"""Blocks usually have a hundred bytes to some kilobytes. A file of tiny blocks only keeps the reader busy."""

MAX_METADATA_BYTES = 4 * 1024 * 1024
"""Larger profiles and EXIF data are ignored. Those of cameras have some kilobytes, those of printers up to two MiB."""

Part = bytes | range
"""Bytes, or the range of a file where they are."""


class Cicp(NamedTuple):
    """Colours as code points (ITU-T H.273)."""

    primaries: int
    transfer: int


SRGB = Cicp(1, 13)


class Gamma(NamedTuple):
    """Colours as PNG's ``gAMA`` and ``cHRM`` say them.

    ``exponent`` is that of the encoder. ``chromaticities`` are x and y of white, red, green and blue; without them the
    primaries are those of sRGB.
    """

    exponent: float
    chromaticities: tuple[float, ...] | None = None


Colours = bytes | Cicp | Gamma
"""One description of the colours of a picture. Bytes are an ICC profile."""


class Disposal(Enum):
    """What happens to the area of a layer before the next one is drawn."""

    KEEP = 0
    CLEAR = 1
    RESTORE = 2


class Layer(NamedTuple):
    """A frame of an animation as it is stored: a picture that is drawn over a part of the canvas."""

    parts: tuple[Part, ...]
    left: int
    top: int
    width: int
    height: int
    delay: float
    """In milliseconds."""
    disposal: Disposal
    is_blended: bool
    """Whether the canvas shines through where the layer is transparent."""
    clear_index: int | None = None
    """The palette entry of a GIF that is transparent."""


@dataclass(frozen=True)
class Contents:
    """What a file says about its picture, and the parts of the file that a decoder needs.

    A decoder gets ``parts``, or one after another the parts of the ``layers``. What it does not need, it never sees:
    comments, profiles and other metadata can be broken or huge without an effect on the picture.
    """

    parts: tuple[Part, ...] = ()
    width: int = 0
    """In pixels, 0 if only the decoder knows."""
    height: int = 0
    layers: tuple[Layer, ...] = ()
    loops: int | None = None
    """How often an animation plays, 0 for forever, None if only the decoder knows."""
    exif: bytes = b""
    colours: tuple[Colours, ...] = ()
    """Descriptions of the colours, the one that counts most first."""
    is_grey: bool = False
    bit_depth: int = 8
    clear_key: tuple[int, ...] = ()
    """The samples of the one colour that is transparent, of ``bit_depth`` bits."""
    endings: tuple[bytes, ...] = (b"",)
    """What follows ``parts``. With several endings, the file is complete if its picture is the same with all."""


class Parts:
    """A file that consists of parts of another file and of bytes between them, as decoders read it."""

    def __init__(self, file: IO[bytes], parts: Sequence[Part]) -> None:
        self._file = file
        self._parts = parts
        self._ends = list(accumulate(len(part) for part in parts))
        self._at = 0

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a position, counted from the start, from the current position, or from the end."""
        end = self._ends[-1] if self._ends else 0
        self._at = offset + (0, self._at, end)[whence]
        return self._at

    def read(self, count: int | None = -1) -> bytes:
        """Return up to ``count`` bytes, or all that are left. Fewer are returned at the end only."""
        pieces = []
        left = count if count is not None and count >= 0 else max(0, (self._ends[-1] if self._ends else 0) - self._at)
        index = bisect_right(self._ends, self._at)
        while left > 0 and index < len(self._parts):
            part = self._parts[index]
            start = self._at - (self._ends[index] - len(part))
            wanted = part[start : start + left]
            if isinstance(wanted, range):
                self._file.seek(wanted.start)
                piece = self._file.read(len(wanted))
            else:
                piece = wanted
            pieces.append(piece)
            self._at += len(piece)
            left -= len(piece)
            if len(piece) < len(wanted):  # the file is shorter than it was
                break
            index += 1
        return b"".join(pieces)


def exactly(file: IO[bytes], count: int) -> bytes:
    """Read ``count`` bytes. Raises InvalidImage when there are fewer."""
    data = file.read(count)
    if len(data) < count:
        raise InvalidImage
    return data


def size_of(file: IO[bytes]) -> int:
    """Return the size of a file in bytes."""
    file.seek(0, 2)
    return file.tell()
