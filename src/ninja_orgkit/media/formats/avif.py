"""Read the boxes of an AVIF (ISO/IEC 14496-12 and 23008-12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, NamedTuple

from ninja_orgkit.media.formats.contents import Cicp, Contents

_METADATA_ITEMS = (b"Exif", b"mime")
_UNKNOWN_ITEM = b"skip"


class _Box(NamedTuple):
    kind: bytes
    start: int
    stop: int


def read_avif(file: IO[bytes]) -> Contents:
    """Return an AVIF for the decoder, and its colours.

    EXIF and XMP are hidden from the decoder: they decide nothing, because the orientation is a property of the picture.
    """
    file.seek(0)
    content = bytearray(file.read())
    colours: tuple[Cicp, ...] = ()
    try:
        for meta in _find(content, b"meta"):
            _hide_metadata(content, meta)
            colours = colours or _item_colours(content, meta)
        colours = colours or _track_colours(content)
    except IndexError:
        pass  # whether a broken box matters, the decoder knows
    return Contents((bytes(content),), colours=colours)


def _boxes(content: bytes | bytearray, start: int, stop: int) -> Iterator[_Box]:
    while start + 8 <= stop:
        length, head = int.from_bytes(content[start : start + 4], "big"), 8
        kind = bytes(content[start + 4 : start + 8])
        if length == 1:
            length, head = int.from_bytes(content[start + 8 : start + 16], "big"), 16
        end = start + length if length else stop
        if end < start + head or end > stop:
            return
        yield _Box(kind, start + head, end)
        start = end


def _find(content: bytes | bytearray, *path: bytes, within: _Box | None = None, skip: int = 0) -> Iterator[_Box]:
    """Find all boxes at a path. ``skip`` is the number of bytes before the first box."""
    start, stop = (within.start + skip, within.stop) if within else (0, len(content))
    for box in _boxes(content, start, stop):
        if box.kind == path[0]:
            if len(path) == 1:
                yield box
            else:
                yield from _find(content, *path[1:], within=box)


_FULL = 4  # version and flags, which some boxes begin with


def _hide_metadata(content: bytearray, meta: _Box) -> None:
    """Rename the items of EXIF and XMP to a kind that decoders do not know."""
    for items in _find(content, b"iinf", within=meta, skip=_FULL):
        count_bytes = 4 if content[items.start] else 2
        for item in _find(content, b"infe", within=items, skip=_FULL + count_bytes):
            version = content[item.start]
            at = item.start + _FULL + (4 if version == 3 else 2) + 2
            if version >= 2 and content[at : at + 4] in _METADATA_ITEMS:
                content[at : at + 4] = _UNKNOWN_ITEM


def _item_colours(content: bytes | bytearray, meta: _Box) -> tuple[Cicp, ...]:
    """Return the colours of the primary item."""
    primary = next(_find(content, b"pitm", within=meta, skip=_FULL), None)
    properties = next(_find(content, b"iprp", within=meta, skip=_FULL), None)
    if primary is None or properties is None:
        return ()
    number = _integer(content, primary.start + _FULL, 4 if content[primary.start] else 2)
    containers = [*_find(content, b"ipco", within=properties)]
    boxes = [box for container in containers for box in _boxes(content, container.start, container.stop)]
    for links in _find(content, b"ipma", within=properties):
        for index in _linked(content, links, number):
            if 0 < index <= len(boxes) and (colours := _code_points(content, boxes[index - 1])):
                return colours
    return ()


def _linked(content: bytes | bytearray, links: _Box, number: int) -> Iterator[int]:
    """Return the indices of the properties of an item."""
    item_bytes = 4 if content[links.start] else 2
    index_bytes = 2 if content[links.start + 3] & 1 else 1
    at = links.start + _FULL + 4
    for _ in range(_integer(content, links.start + _FULL, 4)):
        item, count = _integer(content, at, item_bytes), content[at + item_bytes]
        at += item_bytes + 1
        for _ in range(count):
            if item == number:
                yield _integer(content, at, index_bytes) & (0x7FFF if index_bytes == 2 else 0x7F)
            at += index_bytes


def _track_colours(content: bytes | bytearray) -> tuple[Cicp, ...]:
    """Return the colours of an animation: they stand in its track, and not in an item."""
    path = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
    for descriptions in _find(content, *path):
        for entry in _find(content, b"av01", within=descriptions, skip=_FULL + 4):
            for box in _find(content, b"colr", within=entry, skip=78):
                if colours := _code_points(content, box):
                    return colours
    return ()


def _code_points(content: bytes | bytearray, box: _Box) -> tuple[Cicp, ...]:
    if box.kind != b"colr" or content[box.start : box.start + 4] != b"nclx":
        return ()
    return (Cicp(_integer(content, box.start + 4, 2), _integer(content, box.start + 6, 2)),)


def _integer(content: bytes | bytearray, at: int, count: int) -> int:
    if at + count > len(content):
        raise IndexError
    return int.from_bytes(content[at : at + count], "big")
