"""Read the segments of a JPEG (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, NamedTuple

from ninja_orgkit.media.errors import InvalidImage
from ninja_orgkit.media.formats.contents import MAX_BLOCKS, MAX_METADATA_BYTES, Contents, Part, size_of

MAX_JPEG_SCANS = 100
"""Encoders write about ten scans. Each further scan makes a decoder go over the whole picture again."""

_CHUNK = 64 * 1024
# A marker that starts a segment, and the length of the segment; or the end of the picture. Other markers are in scans.
_SEGMENT = re.compile(rb"\xff(?:\xd9|([\xc0-\xcf\xda-\xfe])(..))", re.DOTALL)
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_END = 0xD9
_SCAN = 0xDA
_EXIF = 0xE1
_PROFILE = 0xE2
_ADOBE = 0xEE
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_METADATA = {*range(0xE1, 0xF0), 0xFE}
_ADOBE_BYTES = 12

# A decoder reads up to eight bytes ahead of what it needs.
_READ_AHEAD = b"\0" * 8
_START = b"\xff\xd8\xff\xfe\0\2"  # with an empty comment, because decoders want a segment, even where junk follows
_END_MARKER = b"\xff\xd9"
# In place of a missing end. Of these bits, at least one pair makes different pixels where any are missing.
_FILLERS = (b"\0", b"\x55", b"\xaa")


class _Segment(NamedTuple):
    kind: int
    start: int
    stop: int


def read_jpeg(file: IO[bytes]) -> Contents:
    """Return what a decoder needs of a JPEG. What cameras append after its end is left out.

    A JPEG is complete when all its rows are there, with or without an end marker. Where a decoder can stop after the
    last row, it is not shown the end marker, because it would then make up missing rows. Where it cannot, the scans
    have to deliver all that they announce. If the file has no end marker, they have to announce all there is, and
    several endings show whether the picture depends on what follows.
    """
    parts: list[Part] = [_START]
    start = scan = 2
    end = 0
    exif, profile = b"", _Profile()
    scans = _Scans()
    for segment in _segments(file):
        kind = segment.kind
        if kind == _END:
            end = segment.start
            break
        if kind in _FRAMES or kind == _SCAN:
            scans.add(kind, _payload(file, segment))
            scan = segment.stop
        elif kind in _METADATA:
            data = _payload(file, segment) if kind in (_EXIF, _PROFILE, _ADOBE) else b""
            if kind == _ADOBE and len(data) >= _ADOBE_BYTES:
                continue  # says how the colours are coded
            if kind == _EXIF and not exif and data.startswith(b"Exif\0"):
                exif = data[6:]
            elif kind == _PROFILE:
                profile.add(data)
            parts.append(range(start, segment.start))
            start = segment.stop
    stop = end or _end_of_data(file)
    parts.append(range(start, max(start, stop)))
    if not scans.are_complete(is_ended=bool(end)):
        raise InvalidImage
    if end:
        endings: tuple[bytes, ...] = (_READ_AHEAD if scans.is_single else _END_MARKER,)
    else:
        endings = _made_up_endings(_next_restart(file, scan, stop))
    return Contents(tuple(parts), exif=exif, colours=profile.colours(), endings=endings)


def _made_up_endings(restart: bytes) -> tuple[bytes, ...]:
    """Return several endings for a file without one. ``restart`` is the marker with which its scan would go on."""
    return tuple(filler * 64 + restart + filler * 64 + _END_MARKER for filler in _FILLERS)


def _end_of_data(file: IO[bytes]) -> int:
    """Return the size of a file without an end marker, and without the first half of one."""
    size = size_of(file)
    file.seek(max(0, size - 1))
    return size - 1 if file.read(1) == _END_MARKER[:1] else size


def _next_restart(file: IO[bytes], start: int, stop: int) -> bytes:
    """Return the restart marker with which a scan would go on.

    Where its bytes end before a restart marker, a decoder skips whatever is not this marker.
    """
    at, tail = stop, b""
    while at > start:
        at, end = max(start, at - _CHUNK), at
        file.seek(at)
        tail = file.read(end - at) + tail[:1]
        if found := _RESTART.findall(tail):
            return bytes([0xFF, 0xD0 + (found[-1][0] + 1) % 8])
    return b"\xff\xd0"


def _segments(file: IO[bytes]) -> Iterator[_Segment]:
    """Follow the segments to the end of the picture or of the file, as decoders do."""
    segments = scans = 0
    rest, at, read = b"", 2, 0
    while True:
        file.seek(read)
        if not (chunk := file.read(_CHUNK)):
            return
        base = read - len(rest)
        read += len(chunk)
        data = rest + chunk
        while at < len(data) and (found := _SEGMENT.search(data, at)):
            kind, length = found.groups()
            if kind is None:
                yield _Segment(_END, base + found.start(), base + found.end())
                return
            segments += 1
            scans += kind[0] == _SCAN
            if segments > MAX_BLOCKS or scans > MAX_JPEG_SCANS:
                raise InvalidImage
            at = found.start() + 2 + max(2, int.from_bytes(length, "big"))
            yield _Segment(kind[0], base + found.start(), base + at)
        rest, at = data[max(at, len(data) - 3) :], max(0, at - len(data))


def _payload(file: IO[bytes], segment: _Segment) -> bytes:
    file.seek(segment.start + 4)
    return file.read(segment.stop - segment.start - 4)


class _Profile:
    """An ICC profile, which is spread over numbered segments (ICC.1, annex B)."""

    def __init__(self) -> None:
        self._pieces: dict[int, bytes] = {}
        self._count = self._size = 0

    def add(self, data: bytes) -> None:
        """Add a segment, if it has a piece of a profile."""
        if data.startswith(b"ICC_PROFILE\0") and len(data) > 14 and self._size <= MAX_METADATA_BYTES:
            self._pieces.setdefault(data[12], data[14:])
            self._count = data[13]
            self._size += len(data)

    def colours(self) -> tuple[bytes, ...]:
        """Return the profile if all its pieces are there."""
        if not self._pieces or sorted(self._pieces) != list(range(1, self._count + 1)):
            return ()
        return (b"".join(self._pieces[number] for number in sorted(self._pieces)),)


class _Scans:
    """Keeps count of what the scans of a picture have delivered (T.81, G.1.1)."""

    def __init__(self) -> None:
        self._missing_bits: dict[int, list[int]] = {}
        """For each component, the missing bits of its 64 coefficients. -1 stands for one that no scan announced."""
        self._is_progressive = False
        self.is_single = False
        """Whether one scan has the whole picture."""

    def add(self, kind: int, data: bytes) -> None:
        """Add the header of a frame or of a scan. A header that is too short is left to the decoder."""
        if kind in _FRAMES:
            if not self._missing_bits:
                self._is_progressive = kind in _PROGRESSIVE
                self._missing_bits = {number: [-1] * 64 for number in data[6::3]}
            return
        count = data[0] if data else 0
        if len(data) < 4 + 2 * count:
            return
        self.is_single = self.is_single or (not self._is_progressive and count == len(self._missing_bits))
        first, last, bits = data[1 + 2 * count : 4 + 2 * count]
        if not self._is_progressive:
            first, last, bits = 0, 63, 0
        for number in data[1 : 1 + 2 * count : 2]:
            coefficients = self._missing_bits.get(number)
            for index in range(first, min(last, 63) + 1) if coefficients else ():
                coefficients[index] = bits & 15  # type: ignore[index]  # the loop is empty without them

    def are_complete(self, *, is_ended: bool) -> bool:
        """Tell whether every component has its average, and every coefficient all bits that a scan announced.

        A picture may do without some coefficients. If it does not say where it ends, they may also have been cut off.
        """
        components = self._missing_bits.values()
        least = -1 if is_ended else 0
        return bool(components) and all(bits[0] == 0 and min(bits) >= least and max(bits) <= 0 for bits in components)
