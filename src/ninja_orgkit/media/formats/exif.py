"""Read the orientation from EXIF (CIPA DC-008, 4.6.4), the only thing that is needed of it."""

from __future__ import annotations

import struct

_ORIENTATION = 0x0112
_TYPES = {1: "B", 3: "H", 4: "I"}
_ENTRY_BYTES = 12


def orientation(exif: bytes) -> int:
    """Return the orientation, from 1 (upright) to 8. It is 1 if EXIF is empty or broken, or does not say it."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for at in range(start + 2, start + 2 + _ENTRY_BYTES * count, _ENTRY_BYTES):
            tag, kind = struct.unpack_from(f"{order}HH", exif, at)
            if tag == _ORIENTATION and kind in _TYPES:
                (value,) = struct.unpack_from(order + _TYPES[kind], exif, at + 8)
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
