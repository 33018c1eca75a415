"""Write a ZIP archive that any reader can read as a stream. Only one chunk and the directory are in memory."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import IO, Any

CHUNK = 1024 * 1024

_FIRST_YEAR, _LAST_YEAR = 1980, 2107  # the range of the date field of a ZIP
_TEXT_LEVEL = 3


class Digest:
    """The SHA-256 of a file that grows. A thread reads what is final while the writer continues."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._position = 0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="export-digest")
        self._reading: Future[None] | None = None

    def advance(self, end: int) -> None:
        """Hash up to a position, before which nothing changes any more, unless the thread still reads."""
        if self._reading is None or self._reading.done():
            self._wait()
            self._file.flush()
            self._reading = self._pool.submit(self._read, end)

    def finish(self, end: int) -> str:
        """Hash up to the end of the file, and return the SHA-256 in hexadecimal."""
        self._wait()
        self._file.flush()
        self._read(end)
        return self._hash.hexdigest()

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown()

    def _wait(self) -> None:
        if self._reading is not None:
            self._reading.result()

    def _read(self, end: int) -> None:
        # The writer has its own position in the file, which pread() leaves alone.
        while self._position < end:
            chunk = os.pread(self._file.fileno(), min(CHUNK, end - self._position), self._position)
            self._hash.update(chunk)
            self._position += len(chunk)


class Spool:
    """JSON values on disk, written first and read later. The file has no name, so a crash does not leave it behind."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close()
        self.count = 0

    def add(self, value: Any) -> None:
        """Append a value."""
        self._file.write(json.dumps(value).encode() + b"\n")
        self.count += 1

    def __iter__(self) -> Iterator[Any]:
        """Yield every value again."""
        self._file.seek(0)
        for line in self._file:
            yield json.loads(line)

    def close(self) -> None:
        """Drop the values."""
        self._file.close()


class Archive:
    """Adds members to a ZIP archive, and records the path, size and SHA-256 of each in ``entries``.

    ``file`` is an empty file on disk that can seek: ``zipfile`` goes back to the local header of each member and
    completes it with the CRC and the sizes. Without these, some readers cannot read the archive as a stream.
    """

    def __init__(self, file: IO[bytes], *, made_at: datetime) -> None:
        self._file = file
        self._zip = zipfile.ZipFile(file, "w")
        self._digest = Digest(file)
        moment = made_at.astimezone(UTC)
        year = min(max(moment.year, _FIRST_YEAR), _LAST_YEAR)
        self._date = (year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
        self.entries = Spool()

    def text(self, path: str, content: IO[bytes]) -> None:
        """Add the whole content of a file as a compressed member."""
        info = self._info(path, size=content.seek(0, os.SEEK_END))
        info.compress_type = zipfile.ZIP_DEFLATED
        info._compresslevel = _TEXT_LEVEL  # type: ignore[attr-defined]  # public as compress_level from 3.13 on
        content.seek(0)
        self._copy(info, iter(lambda: content.read(CHUNK), b""))

    def stored(self, path: str, chunks: Iterable[bytes], *, size: int, sha256: str = "") -> None:
        """Add an uncompressed member of ``size`` bytes. Its SHA-256 is computed unless it is given."""
        self._copy(self._info(path, size=size), chunks, sha256)

    def finish(self, manifest: IO[bytes]) -> tuple[int, str]:
        """Add the manifest, which does not list itself, and the directory. Return the size and SHA-256 of it all."""
        self.text("manifest.json", manifest)
        self._zip.close()
        size = self._file.seek(0, os.SEEK_END)
        return size, self._digest.finish(size)

    def close(self) -> None:
        """Release an archive, finished or not. The file stays open."""
        # An unfinished archive must not write its directory when it is garbage-collected.
        self._zip.fp = None
        self._digest.close()
        self.entries.close()

    def _info(self, path: str, *, size: int) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(path, date_time=self._date)
        info.external_attr = 0o644 << 16
        info.file_size = size  # lets zipfile decide whether the member needs Zip64
        return info

    def _copy(self, info: zipfile.ZipInfo, chunks: Iterable[bytes], sha256: str = "") -> None:
        digest = hashlib.sha256()
        with self._zip.open(info, "w") as member:
            for chunk in chunks:
                if not sha256:
                    digest.update(chunk)
                member.write(chunk)
        self.entries.add([info.filename, info.file_size, sha256 or digest.hexdigest()])
        self._digest.advance(self._file.tell())
