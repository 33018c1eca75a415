"""Make file names for an archive that are safe on every operating system.

They cannot leave their folder, collide or be hidden.
"""

from __future__ import annotations

import re
import unicodedata

from django.utils.text import slugify

_MAX_LENGTH = 120
_MAX_BYTES = 200
_EXTENSION = re.compile(r"[a-z0-9]{1,8}")
_PICTURE = re.compile(r"\.(jpe?g|png|webp|avif|gif)$", re.IGNORECASE)
_UNSAFE = re.compile(r"[^\w.-]+")
# Device names of Windows, with any extension (Microsoft, "Naming Files, Paths, and Namespaces").
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³")}


def safe_stem(*parts: object) -> str:
    """Return a file name without an extension, made from the words of all parts. It has at most 120 characters.

    A part may be the file name of a picture, whose extension is dropped.
    """
    texts = (unicodedata.normalize("NFKC", _PICTURE.sub("", str(part))) for part in parts)
    words = (slugify(text, allow_unicode=True) for text in texts)
    stem = "-".join(word for word in words if word)[:_MAX_LENGTH]
    # File systems limit names to 255 bytes.
    short = stem.encode()[:_MAX_BYTES].decode(errors="ignore").strip("-_")
    return _avoid_device(short or "file")


def safe_kind(kind: str) -> str:
    """Return the file name of a kind of rows, without an extension. Dots are kept."""
    return _avoid_device(_UNSAFE.sub("-", kind).strip(".-") or "rows")


def extension_of(stored_name: str) -> str:
    """Return the extension of a stored name, or ``bin`` if it has no safe extension."""
    extension = stored_name.rpartition(".")[2].lower() if "." in stored_name else ""
    return extension if _EXTENSION.fullmatch(extension) else "bin"


def _avoid_device(stem: str) -> str:
    return f"{stem}_" if stem.partition(".")[0].casefold() in _DEVICES else stem


class Names:
    """Hands out unique paths, also for file systems that ignore case and Unicode forms."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def claim(self, folder: str, stem: str, extension: str) -> str:
        """Return ``folder/stem.extension``, with a number after the stem if the path is taken."""
        path = f"{folder}/{stem}.{extension}"
        first = _folded(path)
        while (key := _folded(path)) in self._taken:
            self._taken[first] += 1
            path = f"{folder}/{stem}-{self._taken[first]}.{extension}"
        self._taken[key] = 1
        return path


def _folded(path: str) -> str:
    return unicodedata.normalize("NFKC", path.casefold())
