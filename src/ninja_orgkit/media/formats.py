"""The accepted picture formats: how to recognise them by their bytes, and how to see that a file is complete.

This reads only headers and block lengths, in constant memory, before a decoder sees the file.
Sources: GIF89a specification; PNG third edition (W3C), 5; ISO/IEC 14496-12, 4.3 for ``ftyp``; RFC 9649 for WebP;
ITU-T T.81, annex B, for JPEG.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, NamedTuple

from ninja_orgkit.media.errors import InvalidImage, UnsupportedImage

HEAD_BYTES = 64
"""The number of bytes at the start of a file that identify its format."""

MAX_JPEG_SCANS = 100
"""Encoders write about ten scans. Each further scan makes a decoder go over the whole picture again."""

MAX_BLOCKS = 200_000
"""Blocks usually have a hundred bytes to some kilobytes. A file of tiny blocks only keeps the reader busy."""

_CHUNK = 64 * 1024
_PNG = b"\x89PNG\r\n\x1a\n"
# A marker that starts a segment, and the length of the segment; or the end of the picture. Other markers are in scans.
_JPEG_SEGMENT = re.compile(rb"\xff(?:\xd9|([\xc0-\xcf\xda-\xfe])(..))", re.DOTALL)
_JPEG_SCAN = b"\xda"
_AVIF_BRANDS = {b"avif", b"avis"}
_AVIF_CONTAINERS = {*_AVIF_BRANDS, b"mif1", b"msf1"}


class Format(NamedTuple):
    """One accepted format: Pillow's name for it, the extension it is stored under, and its media type."""

    name: str
    extension: str
    content_type: str


JPEG = Format("JPEG", "jpg", "image/jpeg")
PNG = Format("PNG", "png", "image/png")
WEBP = Format("WEBP", "webp", "image/webp")
AVIF = Format("AVIF", "avif", "image/avif")
GIF = Format("GIF", "gif", "image/gif")

CONTENT_TYPES = {kind.extension: kind.content_type for kind in (JPEG, PNG, WEBP, AVIF, GIF)}


def sniff(head: bytes) -> Format:
    """Return the format of a file by its first bytes.

    ``head`` is the first ``HEAD_BYTES`` bytes of the file, or the whole file when it is shorter. Raises
    UnsupportedImage when no accepted format begins like that, and InvalidImage when the file is empty or ends within a
    signature.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(_PNG):
        return PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    if _is_avif(head):
        return AVIF
    if _is_cut(head):
        raise InvalidImage
    raise UnsupportedImage


def _is_avif(head: bytes) -> bool:
    """Tell AVIF from other files in the same container, such as HEIC and MP4, by the brands that it declares."""
    if head[4:8] != b"ftyp" or head[8:12] not in _AVIF_CONTAINERS:
        return False
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, end, 4))}
    return bool(brands & _AVIF_BRANDS)


def _is_cut(head: bytes) -> bool:
    whole = (b"\xff\xd8\xff", _PNG, b"GIF87a", b"GIF89a")
    if any(signature.startswith(head) for signature in whole):
        return True
    return len(head) < 12 and (head.startswith(b"RIFF") or head[4:8] == b"ftyp")


def check_whole(file: IO[bytes], kind: Format) -> None:
    """Raise InvalidImage when the container shows that the file is truncated, or made to keep a decoder busy.

    Pillow's decoders accept a PNG or a GIF that has lost its end, so this has to look for the end.
    """
    file.seek(0)
    if kind is PNG:
        _walk_png(file)
    elif kind is JPEG:
        _count_scans(file)


def _walk_png(file: IO[bytes]) -> None:
    """Follow the chunks to ``IEND``."""
    file.seek(len(_PNG))
    for _ in range(MAX_BLOCKS):
        header = file.read(8)
        if len(header) < 8:
            raise InvalidImage
        if header[4:] == b"IEND":
            if len(file.read(4)) < 4:
                raise InvalidImage
            return
        file.seek(int.from_bytes(header[:4], "big") + 4, 1)
    raise InvalidImage


def _count_scans(file: IO[bytes]) -> None:
    """Follow the segments of a JPEG to its end, as decoders do. What cameras append after the end is ignored.

    Raises InvalidImage for a file that ends before that: a decoder that has all pixels does not always notice.
    """
    segments = scans = 0
    rest, at = b"", 2
    while chunk := file.read(_CHUNK):
        data = rest + chunk
        while at < len(data) and (found := _JPEG_SEGMENT.search(data, at)):
            kind, length = found.groups()
            if kind is None:
                return
            segments += 1
            scans += kind == _JPEG_SCAN
            if segments > MAX_BLOCKS or scans > MAX_JPEG_SCANS:
                raise InvalidImage
            at = found.start() + 2 + max(2, int.from_bytes(length, "big"))
        rest, at = data[max(at, len(data) - 3) :], max(0, at - len(data))
    raise InvalidImage


class GifShape(NamedTuple):
    """The number of frames of a GIF, and the size in pixels of the canvas that holds them all."""

    frames: int
    width: int
    height: int


def walk_gif(file: IO[bytes], *, max_frames: int) -> GifShape:
    """Follow the blocks of a GIF to its trailer, or until it has more than ``max_frames`` frames.

    Raises InvalidImage for a file that ends before its trailer.
    """
    file.seek(0)
    header = _exactly(file, 13)
    width, height = _u16(header, 6), _u16(header, 8)
    _skip_palette(file, header[10])
    frames = 0
    blocks = iter(range(MAX_BLOCKS))
    while frames <= max_frames and (introducer := _exactly(file, 1)) != b";":
        if introducer == b"!":
            _exactly(file, 1)
        elif introducer == b",":
            place = _exactly(file, 9)
            width = max(width, _u16(place, 0) + _u16(place, 4))
            height = max(height, _u16(place, 2) + _u16(place, 6))
            frames += 1
            _skip_palette(file, place[8])
            _exactly(file, 1)
        else:
            raise InvalidImage
        _skip_blocks(file, blocks)
    return GifShape(frames, width, height)


def _skip_palette(file: IO[bytes], flags: int) -> None:
    if flags & 0x80:
        _exactly(file, 3 << ((flags & 7) + 1))


def _skip_blocks(file: IO[bytes], blocks: Iterator[int]) -> None:
    for _ in blocks:
        length = _exactly(file, 1)[0]
        if not length:
            return
        _exactly(file, length)
    raise InvalidImage


def _exactly(file: IO[bytes], count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise InvalidImage
    return data


def _u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")
