"""Read the blocks of a GIF (GIF89a specification)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, NamedTuple

from ninja_orgkit.media.errors import InvalidImage
from ninja_orgkit.media.formats.contents import MAX_BLOCKS, Contents, Disposal, Layer, Part, exactly

_DISPOSALS = {2: Disposal.CLEAR, 3: Disposal.RESTORE}
_HAS_PALETTE = 0x80
_INTERLACED = 0x40
_LOOP_EXTENSIONS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_END = b";"


class _Control(NamedTuple):
    """What a graphic control extension says about the frame behind it."""

    delay: float = 0
    disposal: Disposal = Disposal.KEEP
    clear_index: int | None = None


def read_gif(file: IO[bytes], *, max_frames: int) -> Contents:
    """Return the frames of a GIF, at most one more than ``max_frames``.

    ``width`` and ``height`` are those of the canvas. A GIF is complete when its frames are there: the trailer may be
    missing, and zero bytes between blocks are skipped. Raises InvalidImage when something else is between the blocks.
    """
    file.seek(0)
    header = exactly(file, 13)
    width, height = _u16(header, 6), _u16(header, 8)
    palette = _palette(file, header[10])
    layers: list[Layer] = []
    loops, control = 1, _Control()
    blocks = iter(range(MAX_BLOCKS))
    while len(layers) <= max_frames and (introducer := file.read(1)) not in (b"", _END):
        if introducer == b"!":
            label, data = file.read(1), _extension(file, blocks)
            if label == b"\xf9" and len(data) >= 4:
                control = _control(data)
            elif label == b"\xff" and data.startswith(_LOOP_EXTENSIONS) and len(data) >= 14 and data[11] == 1:
                repetitions = _u16(data, 12)
                loops = repetitions + 1 if repetitions else 0
        elif introducer == b",":
            layer = _layer(file, control, palette, blocks)
            if not layers:  # viewers enlarge the canvas for the first frame, and cut the others off
                width, height = max(width, layer.left + layer.width), max(height, layer.top + layer.height)
            layers.append(layer)
            control = _Control()
        elif introducer != b"\0" or next(blocks, None) is None:
            raise InvalidImage
    if not layers:
        raise InvalidImage
    return Contents(width=width, height=height, layers=tuple(layers), loops=loops)


def _control(data: bytes) -> _Control:
    flags = data[0]
    disposal = _DISPOSALS.get(flags >> 2 & 7, Disposal.KEEP)
    return _Control(_u16(data, 1) * 10, disposal, data[3] if flags & 1 else None)


def _layer(file: IO[bytes], control: _Control, palette: bytes, blocks: Iterator[int]) -> Layer:
    """Read a frame, and make a GIF of its own of it."""
    place = exactly(file, 9)
    size, flags = place[4:8], place[8]
    palette = _palette(file, flags) or palette
    start = file.tell()
    exactly(file, 1)
    _skip_blocks(file, blocks)
    has_palette = _HAS_PALETTE | (len(palette) // 3).bit_length() - 2 if palette else 0
    head = b"GIF89a" + size + bytes([has_palette, 0, 0]) + palette + b",\0\0\0\0" + size + bytes([flags & _INTERLACED])
    parts: tuple[Part, ...] = (head, range(start, file.tell()))
    left, top, width, height = (_u16(place, at) for at in range(0, 8, 2))
    delay, disposal, clear_index = control
    return Layer(parts, left, top, width, height, delay, disposal, is_blended=True, clear_index=clear_index)


def _palette(file: IO[bytes], flags: int) -> bytes:
    return exactly(file, 3 << ((flags & 7) + 1)) if flags & _HAS_PALETTE else b""


def _extension(file: IO[bytes], blocks: Iterator[int]) -> bytes:
    """Read an extension, and return the start of its data. The file may end within it."""
    data = b""
    for _ in blocks:
        length = file.read(1)
        if not length or not length[0]:
            return data
        block = file.read(length[0])
        if len(data) < 16:
            data += block
    raise InvalidImage


def _skip_blocks(file: IO[bytes], blocks: Iterator[int]) -> None:
    """Skip the pixels of a frame. The file may end within them; whether pixels are missing, the decoder knows."""
    for _ in blocks:
        length = file.read(1)
        if not length or not length[0]:
            return
        file.seek(length[0], 1)
    raise InvalidImage


def _u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")
