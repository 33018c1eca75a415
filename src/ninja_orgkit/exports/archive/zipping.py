"""Write a ZIP archive as a stream, without seeking. Only one chunk and the directory are in memory."""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import IO, Any, Protocol

CHUNK = 1024 * 1024

_FIRST_YEAR, _LAST_YEAR = 1980, 2107  # the range of the date field of a ZIP
_TEXT_LEVEL = 3
_WORTH_A_THREAD = 64 * 1024


class Writable(Protocol):
    """The target of an archive. ``write`` takes all bytes and returns their number."""

    def write(self, data: bytes, /) -> int:
        """Write bytes."""
        ...

    def flush(self) -> None:
        """Pass on buffered bytes."""
        ...


class Sha256:
    """The SHA-256 of a stream. A thread hashes large chunks while the caller continues, one chunk behind."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._hash = hashlib.sha256()
        self._pending: Future[None] | None = None

    def update(self, data: bytes) -> None:
        """Add bytes."""
        self._wait()
        if len(data) < _WORTH_A_THREAD:
            self._hash.update(data)
        else:
            self._pending = self._pool.submit(self._hash.update, data)

    def hexdigest(self) -> str:
        """Return the hash of everything so far, in hexadecimal."""
        self._wait()
        return self._hash.hexdigest()

    def _wait(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None


class Sink:
    """Passes bytes on, and counts and hashes them. Without ``seek`` and ``tell``, ``zipfile`` never goes back."""

    def __init__(self, out: Writable) -> None:
        self._out = out
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="export-sink")
        self._sha256 = Sha256(self._pool)
        self.size = 0

    def write(self, data: bytes) -> int:
        """Write bytes."""
        self._sha256.update(data)
        self._out.write(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Flush the target."""
        self._out.flush()

    @property
    def sha256(self) -> str:
        """The hash of everything written, in hexadecimal."""
        return self._sha256.hexdigest()

    def close(self) -> None:
        """End the thread. The target stays open."""
        self._pool.shutdown()


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
    """Adds members to a ZIP archive, and records the path, size and SHA-256 of each in ``entries``."""

    def __init__(self, sink: Writable, *, made_at: datetime) -> None:
        self._zip = zipfile.ZipFile(sink, "w", allowZip64=True)  # type: ignore[call-overload]
        moment = made_at.astimezone(UTC)
        year = min(max(moment.year, _FIRST_YEAR), _LAST_YEAR)
        self._date = (year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="export-file")
        self.entries = Spool()

    def text(self, path: str, chunks: Iterable[bytes]) -> None:
        """Add a compressed member of unknown size."""
        info = self._info(path)
        info.compress_type = zipfile.ZIP_DEFLATED
        info._compresslevel = _TEXT_LEVEL  # type: ignore[attr-defined]  # public as compress_level from 3.13 on
        self._copy(info, chunks, zip64=True)

    def stored(self, path: str, chunks: Iterable[bytes], *, size: int) -> None:
        """Add an uncompressed member. ``size`` (bytes) only decides whether it needs Zip64."""
        info = self._info(path)
        info.file_size = size
        self._copy(info, chunks, zip64=False)

    def finish(self, manifest: Iterable[bytes]) -> None:
        """Add the manifest, which does not list itself, and the directory."""
        self.text("manifest.json", manifest)
        self._zip.close()

    def close(self) -> None:
        """Release an archive, finished or not."""
        # An unfinished archive must not write its directory when it is garbage-collected.
        self._zip.fp = None
        self._pool.shutdown()
        self.entries.close()

    def _info(self, path: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(path, date_time=self._date)
        info.external_attr = 0o644 << 16
        return info

    def _copy(self, info: zipfile.ZipInfo, chunks: Iterable[bytes], *, zip64: bool) -> None:
        sha256 = Sha256(self._pool)
        size = 0
        with self._zip.open(info, "w", force_zip64=zip64) as member:
            for chunk in chunks:
                sha256.update(chunk)
                member.write(chunk)
                size += len(chunk)
        self.entries.add([info.filename, size, sha256.hexdigest()])
