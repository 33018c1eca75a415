"""Read and write the chunks that a PNG consists of (third edition, W3C, clause 5)."""

from __future__ import annotations

import zlib
from struct import pack
from typing import IO, NamedTuple

from ninja_orgkit.media.errors import InvalidImage
from ninja_orgkit.media.formats.contents import MAX_BLOCKS, MAX_METADATA_BYTES, Part, exactly

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = b"\0\0\0\0IEND\xaeB`\x82"

_SHORT_BYTES = 256
_LONG_CHUNKS = {b"iCCP", b"eXIf"}


class Chunk(NamedTuple):
    """A chunk, and where its data are in the file."""

    kind: bytes
    start: int
    length: int

    def whole(self) -> range:
        """Return where the chunk is, from its length to its checksum."""
        return range(self.start - 8, self.start + self.length + 4)


def read_chunks(file: IO[bytes]) -> list[Chunk]:
    """Follow the chunks to ``IEND``."""
    file.seek(len(SIGNATURE))
    chunks: list[Chunk] = []
    for _ in range(MAX_BLOCKS):
        header = exactly(file, 8)
        kind = header[4:]
        if kind == b"IEND":
            exactly(file, 4)
            return chunks
        chunk = Chunk(kind, file.tell(), int.from_bytes(header[:4], "big"))
        chunks.append(chunk)
        file.seek(chunk.length + 4, 1)
    raise InvalidImage


def read_data(file: IO[bytes], chunk: Chunk) -> bytes:
    """Return the data of a chunk."""
    file.seek(chunk.start)
    return file.read(chunk.length)


def read_checked(file: IO[bytes], chunk: Chunk) -> bytes | None:
    """Return the data of an optional chunk, or None if it is too long or its checksum is wrong."""
    if chunk.length > (MAX_METADATA_BYTES if chunk.kind in _LONG_CHUNKS else _SHORT_BYTES):
        return None
    data = read_data(file, chunk)
    return data if file.read(4) == _checksum(chunk.kind, data) else None


def _checksum(kind: bytes, data: bytes) -> bytes:
    return pack(">I", zlib.crc32(kind + data))


def make_chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk with these data."""
    return pack(">I", len(data)) + kind + data + _checksum(kind, data)


def joined(parts: list[Part]) -> list[Part]:
    """Join ranges that follow each other, which are most of the chunks with pixels."""
    found: list[Part] = []
    for part in parts:
        last = found[-1] if found else b""
        if isinstance(last, range) and isinstance(part, range) and last.stop == part.start:
            found[-1] = range(last.start, part.stop)
        else:
            found.append(part)
    return found
