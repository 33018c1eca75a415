"""The accepted picture formats, and how to recognise them by their bytes."""

from __future__ import annotations

from typing import NamedTuple

from ninja_orgkit.media.errors import InvalidImage, UnsupportedImage

HEAD_BYTES = 64
"""The number of bytes at the start of a file that identify its format."""

_PNG = b"\x89PNG\r\n\x1a\n"
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
