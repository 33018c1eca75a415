"""Read a PNG (third edition, W3C)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from struct import pack, unpack
from typing import IO

from ninja_orgkit.media.errors import InvalidImage
from ninja_orgkit.media.formats.contents import (
    MAX_METADATA_BYTES,
    SRGB,
    Cicp,
    Colours,
    Contents,
    Disposal,
    Gamma,
    Layer,
    Part,
)
from ninja_orgkit.media.formats.png_chunks import (
    END,
    SIGNATURE,
    Chunk,
    joined,
    make_chunk,
    read_checked,
    read_chunks,
    read_data,
)

_HEADER_BYTES = 13
_COLOUR_CHUNKS = (b"cICP", b"iCCP", b"sRGB", b"gAMA")  # from the one that counts most
_READ_CHUNKS = {b"tRNS", b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"eXIf"}
_GREY, _RGB, _PALETTE = 0, 2, 3
_GREYS = (_GREY, 4)
_KEY_BYTES = {_GREY: 2, _RGB: 6}
_FRAME_CONTROL = ">IIIIHHBB"
_DISPOSALS = {0: Disposal.KEEP, 1: Disposal.CLEAR, 2: Disposal.RESTORE}
_NO_CHECKSUM = b"\0\0\0\0"  # the decoder does not check those of pixels


def read_png(file: IO[bytes]) -> Contents:
    """Return what a decoder needs of a PNG.

    Optional chunks are left out, or read here. One that is broken, or whose checksum is wrong, counts as absent. The
    frames of an animation are ``layers``; if something about the animation is wrong, there are none, and the still
    picture is shown. Raises InvalidImage when the file ends before ``IEND``.
    """
    chunks = read_chunks(file)
    if not chunks or chunks[0].kind != b"IHDR" or chunks[0].length < _HEADER_BYTES:
        raise InvalidImage
    header = read_data(file, chunks[0])
    width, height, bit_depth, colour_type = unpack(">IIBB", header[:10])
    found = _found(file, chunks)
    setup: list[Part] = [chunk.whole() for chunk in chunks if chunk.kind == b"PLTE"]
    if colour_type == _PALETTE and b"tRNS" in found:
        setup.append(make_chunk(b"tRNS", found[b"tRNS"]))
    pixels: list[Part] = [chunk.whole() for chunk in chunks if chunk.kind == b"IDAT"]
    contents = Contents(
        (SIGNATURE, chunks[0].whole(), *setup, *joined(pixels), END),
        width=width,
        height=height,
        loops=1,
        exif=found.get(b"eXIf", b""),
        colours=_colours(found),
        is_grey=colour_type in _GREYS,
        bit_depth=bit_depth,
        clear_key=_clear_key(found.get(b"tRNS", b""), colour_type, bit_depth),
    )
    try:
        layers, loops = _layers(file, chunks, header, setup)
    except (_BrokenAnimation, struct.error):
        return contents
    return replace(contents, layers=layers, loops=loops)


def still(contents: Contents) -> Contents:
    """Return the still picture of an animated PNG."""
    return replace(contents, layers=())


def _found(file: IO[bytes], chunks: list[Chunk]) -> dict[bytes, bytes]:
    """Return the data of the optional chunks that are read: of each kind the first one that is sound."""
    found: dict[bytes, bytes] = {}
    wanted = _READ_CHUNKS
    for chunk in chunks:
        if chunk.kind == b"IDAT":
            wanted = {b"eXIf"}  # nothing else counts behind the pixels that it is about
        elif chunk.kind in wanted and chunk.kind not in found and (data := read_checked(file, chunk)) is not None:
            found[chunk.kind] = data
    return found


def _clear_key(transparency: bytes, colour_type: int, bit_depth: int) -> tuple[int, ...]:
    """Return the samples of the one transparent colour (11.3.1.1), or none if the file names no such colour."""
    size = _KEY_BYTES.get(colour_type)
    if size is None or len(transparency) < size:
        return ()
    mask = (1 << bit_depth) - 1
    return tuple(sample & mask for sample in unpack(f">{size // 2}H", transparency[:size]))


def _colours(found: dict[bytes, bytes]) -> tuple[Colours, ...]:
    """Return the descriptions of the colours in the order in which they count (4.3)."""
    colours = (_colour(kind, found[kind], found) for kind in _COLOUR_CHUNKS if kind in found)
    return tuple(colour for colour in colours if colour)


def _colour(kind: bytes, data: bytes, found: dict[bytes, bytes]) -> Colours | None:
    match kind:
        case b"cICP" if len(data) == 4 and data[2:] == b"\0\1":  # RGB in the full range
            return Cicp(*data[:2])
        case b"iCCP":
            return _inflated(data)
        case b"sRGB" if len(data) == 1:
            return SRGB
        case b"gAMA" if len(data) == 4 and any(data):
            points = found.get(b"cHRM", b"")
            chromaticities = tuple(value / 100_000 for value in unpack(">8I", points)) if len(points) == 32 else None
            return Gamma(unpack(">I", data)[0] / 100_000, chromaticities)
    return None


def _inflated(data: bytes) -> bytes | None:
    """Return an ICC profile, or None if it is broken or huge."""
    _name, _, compressed = data.partition(b"\0")
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(compressed[1:], MAX_METADATA_BYTES)
    except zlib.error:
        return None
    return profile if inflater.eof else None


class _BrokenAnimation(Exception):
    """The animation of a PNG cannot be shown."""


def _layers(
    file: IO[bytes], chunks: list[Chunk], header: bytes, setup: list[Part]
) -> tuple[tuple[Layer, ...], int | None]:
    """Read the frames of an animation (clause 11.3.6), and make a PNG of its own of each. Return them and the loops."""
    control = next((chunk for chunk in chunks if chunk.kind in (b"acTL", b"IDAT")), None)
    if control is None or control.kind != b"acTL":
        return (), None
    count, loops = unpack(">II", _required(file, control, 8))
    layers: list[Layer] = []
    pixels: list[Part] = []
    frame: bytes | None = None
    sequence = 0
    for chunk in chunks:
        if chunk.kind == b"fcTL":
            if frame is not None:
                layers.append(_layer(header, setup, frame, pixels))
            frame, pixels = _required(file, chunk, 26), []
            sequence = _next(sequence, frame[:4])
        elif chunk.kind == b"fdAT":
            file.seek(chunk.start)
            sequence = _next(sequence, file.read(4))
            # The same data as pixels of a still picture, without the number in front of it
            pixels += [
                pack(">I", chunk.length - 4) + b"IDAT", range(chunk.start + 4, chunk.start + chunk.length), _NO_CHECKSUM
            ]  # fmt: skip
        elif chunk.kind == b"IDAT":
            pixels.append(chunk.whole())
        if len(layers) > count:
            raise _BrokenAnimation
    if frame is not None:
        layers.append(_layer(header, setup, frame, pixels))
    if not layers or len(layers) != count:
        raise _BrokenAnimation
    return tuple(layers), loops


def _required(file: IO[bytes], chunk: Chunk, length: int) -> bytes:
    data = read_checked(file, chunk)
    if data is None or len(data) != length:
        raise _BrokenAnimation
    return data


def _next(sequence: int, number: bytes) -> int:
    """Check the number of an animation's chunk, and return the next one."""
    if number != pack(">I", sequence):
        raise _BrokenAnimation
    return sequence + 1


def _layer(header: bytes, setup: list[Part], frame: bytes, pixels: list[Part]) -> Layer:
    width, height, left, top, delay, unit, disposal, blend = unpack(_FRAME_CONTROL, frame[4:])
    canvas_width, canvas_height = unpack(">II", header[:8])
    fits = left + width <= canvas_width and top + height <= canvas_height
    if not pixels or not width or not height or not fits or disposal not in _DISPOSALS:
        raise _BrokenAnimation
    head = SIGNATURE + make_chunk(b"IHDR", frame[4:12] + header[8:_HEADER_BYTES])
    parts = (head, *setup, *joined(pixels), END)
    delay = 1000 * delay / (unit or 100)
    return Layer(parts, left, top, width, height, delay, _DISPOSALS[disposal], is_blended=blend == 1)
