"""Reading an archive."""

from __future__ import annotations

import csv
import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, Any

_LOCAL_HEADER = struct.Struct("<4s5H3I2H")  # APPNOTE.TXT 6.3.10, section 4.3.7
_DIRECTORY_BEGINS = b"PK\x01\x02"
_DESCRIPTOR_FOLLOWS = 1 << 3
_ZIP64 = 1
_IN_EXTRA = 0xFFFFFFFF

VERIFY = Path(__file__).resolve().parents[2] / "docs" / "examples" / "verify_export.py"


class Unpacked:
    """An archive that somebody downloaded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.zip = zipfile.ZipFile(path)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.zip.read("manifest.json"))
        return found

    @property
    def names(self) -> list[str]:
        return self.zip.namelist()

    def rows(self, kind: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.zip.read(f"data/{kind}.jsonl").splitlines()]

    def cells(self, kind: str) -> list[dict[str, str]]:
        text = self.zip.read(f"csv/{kind}.csv").decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def cells_split_at(self, separator: str, kind: str) -> Iterator[str]:
        """Yield the cells of a table as a program reads them that takes another character for the separator."""
        text = self.zip.read(f"csv/{kind}.csv").decode("utf-8-sig")
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            yield from row

    def text(self) -> str:
        """Return everything but the pictures as one text."""
        names = [name for name in self.names if name.rpartition(".")[2] in ("json", "jsonl", "csv", "html")]
        return "\n".join(self.zip.read(name).decode() for name in names)

    def verify(self, sha256: str = "") -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, str(VERIFY), str(self.path), *([sha256] if sha256 else [])]
        return subprocess.run(arguments, capture_output=True, text=True, check=False)


def read_as_stream(file: IO[bytes]) -> Iterator[tuple[str, int]]:
    """Yield the name and size of each member, read from front to back as the strictest readers do.

    Such a reader has no directory: a local header has to say where its member ends, without a data descriptor, and the
    sizes are there unless they need Zip64. Java's ZipInputStream is one of them.
    """
    while (fixed := file.read(_LOCAL_HEADER.size))[:4] != _DIRECTORY_BEGINS:
        signature, _version, flags, method, _time, _date, crc, packed, size, name_length, extra_length = (
            _LOCAL_HEADER.unpack(fixed)
        )
        assert signature == b"PK\x03\x04"
        name, extra = file.read(name_length).decode(), file.read(extra_length)
        assert not flags & _DESCRIPTOR_FOLLOWS, name
        if extra:
            kind, length, long_size, long_packed = struct.unpack("<HHQQ", extra)
            assert (kind, length, size, packed) == (_ZIP64, 16, _IN_EXTRA, _IN_EXTRA), name
            size, packed = long_size, long_packed
            assert max(size, packed) * 1.05 >= zipfile.ZIP64_LIMIT, name
        inflater = zlib.decompressobj(-zlib.MAX_WBITS) if method == zipfile.ZIP_DEFLATED else None
        found, actual = 0, 0
        while packed:
            chunk = file.read(min(packed, 2**20))
            packed -= len(chunk)
            content = inflater.decompress(chunk) if inflater else chunk
            found, actual = found + len(content), zlib.crc32(content, actual)
        assert (found, actual) == (size, crc), name
        assert inflater is None or inflater.eof, name
        yield name, size
