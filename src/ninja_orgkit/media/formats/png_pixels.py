"""Count the rows in the pixels of a PNG, which its decoder does not do."""

from __future__ import annotations

import zlib
from struct import unpack
from typing import IO

_SIGNATURE_BYTES = 8
_HEADER = ">IIBBBBB"
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type (table 8 of the third edition)
_INTERLACED = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""The first column and row of each pass of Adam7, and the steps from one to the next (clause 8.2)."""
_PIECE_BYTES = 64 * 1024


def has_all_rows(file: IO[bytes]) -> bool:
    """Tell whether the pixels of a PNG are as many as its header says. Only its first chunk and its pixels are read.

    The decoder accepts a stream of pixels that ends too early, and leaves the rest of the picture blank.
    """
    file.seek(_SIGNATURE_BYTES + 8)
    width, height, depth, colour_type, _, _, interlacing = unpack(_HEADER, file.read(13))
    file.seek(4, 1)
    missing = _size(width, height, depth * _SAMPLES[colour_type], is_interlaced=bool(interlacing))
    inflater = zlib.decompressobj()
    while missing > 0 and not inflater.eof and (header := file.read(8)):
        length = int.from_bytes(header[:4], "big")
        if header[4:] != b"IDAT":
            file.seek(length + 4, 1)
            continue
        while length > 0 and (piece := file.read(min(length, _PIECE_BYTES))):
            length -= len(piece)
            while piece and missing > 0:  # what comes behind the last row is of no interest, a wrong checksum neither
                missing -= len(inflater.decompress(piece, min(_PIECE_BYTES, missing)))
                piece = inflater.unconsumed_tail
        file.seek(4, 1)
    return missing <= 0


def _size(width: int, height: int, pixel_bits: int, *, is_interlaced: bool) -> int:
    """Return how many bytes the rows of a picture have, each with the byte that names its filter."""
    passes = _INTERLACED if is_interlaced else ((0, 0, 1, 1),)
    total = 0
    for left, top, across, down in passes:
        columns, rows = -(-max(0, width - left) // across), -(-max(0, height - top) // down)
        total += rows * (1 + (columns * pixel_bits + 7) // 8) if columns else 0
    return total
