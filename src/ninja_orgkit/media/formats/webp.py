"""Read the chunks of a WebP (RFC 9649)."""

from __future__ import annotations

from typing import IO

from ninja_orgkit.media.errors import InvalidImage
from ninja_orgkit.media.formats.contents import MAX_BLOCKS, MAX_METADATA_BYTES, Contents, Part, exactly, size_of

_PICTURE = {b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L"}
_METADATA_FLAGS = 0x20 | 0x08 | 0x04  # a profile, EXIF and XMP


def read_webp(file: IO[bytes]) -> Contents:
    """Return what a decoder needs of a WebP, and its size, which is known before the decoder reserves memory for it."""
    end = size_of(file)
    file.seek(0)
    end = min(end, 8 + int.from_bytes(exactly(file, 12)[4:8], "little"))
    parts: list[Part] = []
    metadata = {b"ICCP": b"", b"EXIF": b""}
    size = (0, 0)
    at = 12
    for _ in range(MAX_BLOCKS):
        file.seek(at)
        header = file.read(8)
        if at >= end or len(header) < 8:
            break
        kind, length = header[:4], int.from_bytes(header[4:], "little")
        after = at + 8 + length + length % 2
        if kind in _PICTURE:
            start = file.read(10)
            size = size if any(size) else _size(kind, start)
            if kind == b"VP8X":
                parts += [header + bytes([start[0] & ~_METADATA_FLAGS]) if start else header, range(at + 9, after)]
            else:
                parts.append(range(at, after))
        elif kind in metadata and not metadata[kind] and length <= MAX_METADATA_BYTES:
            metadata[kind] = file.read(length)
        at = after
    else:
        raise InvalidImage
    head = b"RIFF" + (4 + sum(len(part) for part in parts)).to_bytes(4, "little") + b"WEBP"
    colours = (metadata[b"ICCP"],) if metadata[b"ICCP"] else ()
    exif = metadata[b"EXIF"].removeprefix(b"Exif\0\0")
    return Contents((head, *parts), width=size[0], height=size[1], exif=exif, colours=colours)


def _size(kind: bytes, data: bytes) -> tuple[int, int]:
    """Return width and height of the canvas or of the picture from the start of a chunk."""
    match kind:
        case b"VP8X":
            return int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
        case b"VP8 ":
            return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF
        case b"VP8L":
            bits = int.from_bytes(data[1:5], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return 0, 0
