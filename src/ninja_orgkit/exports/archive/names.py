"""Names of files in an archive that every operating system takes, and that never climb, collide or hide."""

from __future__ import annotations

import re
import unicodedata

from django.utils.text import slugify

_MAX_LENGTH = 120
_MAX_BYTES = 200
_EXTENSION = re.compile(r"[a-z0-9]{1,8}")
_UNSAFE = re.compile(r"[^\w.-]+")
# What Windows takes for a device, whatever the extension (Microsoft, "Naming Files, Paths, and Namespaces").
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³")}


def safe_stem(*parts: object) -> str:
    """Return a file name without an extension, made of words of all the parts, at most 120 characters long."""
    words = (slugify(unicodedata.normalize("NFKC", str(part)), allow_unicode=True) for part in parts)
    stem = "-".join(word for word in words if word)[:_MAX_LENGTH]
    # File systems count bytes, 255 at most.
    short = stem.encode()[:_MAX_BYTES].decode(errors="ignore").strip("-_")
    return _avoid_device(short or "file")


def safe_kind(kind: str) -> str:
    """Return the file name without an extension of a kind of rows; dots stay."""
    return _avoid_device(_UNSAFE.sub("-", kind).strip(".-") or "rows")


def extension_of(stored_name: str) -> str:
    """Return the extension of a stored name, ``bin`` where it has none that is safe."""
    extension = stored_name.rpartition(".")[2].lower() if "." in stored_name else ""
    return extension if _EXTENSION.fullmatch(extension) else "bin"


def _avoid_device(stem: str) -> str:
    return f"{stem}_" if stem.partition(".")[0].casefold() in _DEVICES else stem


class Names:
    """Hands out paths, each only once, also where case and Unicode forms make no difference."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def claim(self, folder: str, stem: str, extension: str) -> str:
        """Return ``folder/stem.extension``, with a number behind the stem when that is taken."""
        path = f"{folder}/{stem}.{extension}"
        first = _folded(path)
        while (key := _folded(path)) in self._taken:
            self._taken[first] += 1
            path = f"{folder}/{stem}-{self._taken[first]}.{extension}"
        self._taken[key] = 1
        return path


def _folded(path: str) -> str:
    return unicodedata.normalize("NFKC", path.casefold())
