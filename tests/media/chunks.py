"""PNG and GIF files made by hand, for what the image library does not write."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RGB, GREY, PALETTE, GREY_ALPHA, RGB_ALPHA = 2, 0, 3, 4, 6


def chunk(kind: bytes, data: bytes, checksum: int | None = None) -> bytes:
    """Return a chunk of a PNG, with the right checksum by default."""
    checksum = zlib.crc32(kind + data) if checksum is None else checksum
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def header(width: int, height: int, depth: int = 8, colour: int = RGB, *, interlaced: bool = False) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


def rows(lines: Sequence[bytes]) -> bytes:
    """Return compressed pixels, unfiltered."""
    return zlib.compress(b"".join(b"\0" + line for line in lines))


def png(lines: Sequence[bytes], *extra: bytes, width: int, depth: int = 8, colour: int = RGB) -> BytesIO:
    """Return a PNG with these rows of packed samples, and with more chunks before them."""
    pixels = chunk(b"IDAT", rows(lines))
    return BytesIO(
        SIGNATURE + header(width, len(lines), depth, colour) + b"".join(extra) + pixels + chunk(b"IEND", b"")
    )


def flat_png(sample: bytes, *extra: bytes, depth: int = 8, colour: int = RGB) -> BytesIO:
    """Return a PNG of 32 × 32 pixels of one colour. ``sample`` has the bytes of one pixel."""
    return png([sample * 32] * 32, *extra, width=32, depth=depth, colour=colour)


def gif_frame(
    place: tuple[int, int, int, int], index: int, *, disposal: int = 0, delay: int = 10, clear: int | None = None
) -> bytes:
    """Return a frame of one colour of a GIF with four colours. ``place`` is left, top, width and height in pixels."""
    flags = disposal << 2 | (clear is not None)
    control = b"!\xf9\4" + struct.pack("<BHBB", flags, delay, clear or 0, 0)
    bits = at = 0
    for _ in range(place[2] * place[3]):
        for code in (4, index):  # a reset before each pixel keeps all codes at three bits
            bits |= code << at
            at += 3
    bits |= 5 << at
    data = bits.to_bytes((at + 10) // 8, "little")
    blocks = b"".join(bytes([len(data[n : n + 255])]) + data[n : n + 255] for n in range(0, len(data), 255))
    return control + b"," + struct.pack("<4HB", *place, 0) + b"\2" + blocks + b"\0"


def gif(width: int, height: int, *frames: bytes, palette: bytes) -> BytesIO:
    """Return a GIF of four colours that plays for ever. Its background is the first colour."""
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x81, 0, 0) + palette
    return BytesIO(screen + b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0" + b"".join(frames) + b";")
