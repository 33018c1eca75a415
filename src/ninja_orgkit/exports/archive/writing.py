"""Write the archive of an export: rows, files, a page that shows them, and the manifest."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from io import BytesIO
from typing import IO, Any

from django.core.files.base import File
from pydantic_core import to_json

from ninja_orgkit.exports.archive.cells import csv_head, csv_line
from ninja_orgkit.exports.archive.names import Names, extension_of, safe_kind, safe_stem
from ninja_orgkit.exports.archive.preview import Preview
from ninja_orgkit.exports.archive.progress import Progress
from ninja_orgkit.exports.archive.rows import RowKind, json_line, row_kinds
from ninja_orgkit.exports.archive.snapshots import snapshot
from ninja_orgkit.exports.archive.zipping import CHUNK, Archive, Spool
from ninja_orgkit.logs import get_logger
from ninja_orgkit.media.errors import StorageUnavailable
from ninja_orgkit.media.storage import open_file, storage_errors
from ninja_orgkit.organizations.models import Organization

FORMAT = "ninja-orgkit-export"
VERSION = 1

_PICTURES = "images"

logger = get_logger("ninja_orgkit.exports")


def write_archive(organization: Organization, out: IO[bytes], progress: Progress) -> tuple[int, str]:
    """Write everything of an organization as a ZIP archive to ``out``, an empty file on disk.

    All rows are as of one moment. The manifest lists missing files. Return the size and the SHA-256 of the archive.
    Raises Stopped and StorageUnavailable.
    """
    now = datetime.now(UTC)
    with closing(Archive(out, made_at=now)) as archive, closing(Spool()) as files, closing(Spool()) as missing:
        build = _Build(archive, progress, files, missing)
        with snapshot():
            for kind in row_kinds():
                build.rows(kind, organization)
        progress.total = progress.done + files.count
        for file in files:
            build.file(**file)
            progress.step()
        build.page(organization, now)
        with tempfile.TemporaryFile() as manifest:
            manifest.writelines(build.manifest(organization, now))
            return archive.finish(manifest)


class _Build:
    def __init__(self, archive: Archive, progress: Progress, files: Spool, missing: Spool) -> None:
        self.archive = archive
        self.progress = progress
        self.files = files
        self.missing = missing
        self.names = Names()
        self.preview = Preview()

    def rows(self, kind: RowKind, organization: Organization) -> None:
        """Add the rows of a kind as JSON lines and as CSV. Temporary files hold both, so that their sizes are known."""
        name = safe_kind(kind.name)
        data, table = self.names.claim("data", name, "jsonl"), self.names.claim("csv", name, "csv")
        self.preview.begin(kind.name, kind.columns, data=data, csv=table)
        with tempfile.TemporaryFile() as lines, tempfile.TemporaryFile() as cells:
            cells.write(csv_head(kind.columns))
            for row in kind.read(organization):
                self.preview.add(row, self._place_files(kind, row))
                cells.write(csv_line(row.values()))
                lines.write(json_line(row))
                self.progress.step()
            self.archive.text(data, lines)
            self.archive.text(table, cells)

    def _place_files(self, kind: RowKind, row: dict[str, Any]) -> dict[str, str]:
        """Replace the stored name of each file in a row by its path in the archive. Return the paths by column."""
        placed = {}
        for column, marker in kind.files.items():
            stored = row[column]
            row[column] = None
            if not stored:
                continue
            words = [row[name] for name in marker.named_by]
            path = self.names.claim(safe_kind(marker.folder), safe_stem(*words), extension_of(stored))
            row[column] = placed[column] = path
            known = {name: row[field] for name in ("size", "sha256") if (field := getattr(marker, name))}
            self.files.add({"path": path, "stored": stored, **known})
            if marker.folder == _PICTURES:
                self.preview.add_picture(path, next((str(word) for word in words[1:] if word), ""))
        return placed

    def file(self, path: str, stored: str, size: int | None = None, sha256: str = "") -> None:
        """Add a stored file, or note that it is missing. ``size`` and ``sha256`` are what is known of it, if anything.

        A known SHA-256 goes into the manifest as it is, so that a reader notices a file that has changed in the
        storage. If the size shows that already, the manifest has the SHA-256 of what is there, and says so.
        """
        try:
            source = open_file(stored)
            # Some storages notice a missing file only when they read it.
            first = _read(source)
        except FileNotFoundError:
            self.missing.add({"path": path, "reason": "The file is not in the storage."})
            return
        with source:
            actual = source.size
            if size is not None and size != actual:
                reason = f"The original had {size} bytes. The file in the storage has {actual}, and is here as it is."
                self.missing.add({"path": path, "reason": reason})
                sha256 = ""
            self.archive.stored(path, self._rest(first, source, size=actual), size=actual, sha256=sha256)

    def _rest(self, first: bytes, source: File[bytes], *, size: int) -> Iterator[bytes]:
        chunk, done = first, 0
        while chunk:
            self.progress.check()
            yield chunk
            done += len(chunk)
            chunk = _read(source)
        if done != size:
            logger.error("The storage sent %s bytes of a file of %s.", done, size)
            raise StorageUnavailable

    def page(self, organization: Organization, now: datetime) -> None:
        """Add the page that shows the archive."""
        missing = (entry["path"] for entry in self.missing)
        page = self.preview.render(missing=missing, organization=organization, made_at=f"{now:%Y-%m-%d %H:%M}")
        self.archive.text("index.html", BytesIO(page))

    def manifest(self, organization: Organization, now: datetime) -> Iterator[bytes]:
        """Yield the manifest in pieces."""
        head = {
            "format": FORMAT,
            "version": VERSION,
            "organization": organization.slug,
            "created_at": now.isoformat().replace("+00:00", "Z"),
            "counts": self.preview.counts(),
        }
        yield to_json(head)[:-1] + b',"files":['
        for index, (path, size, sha256) in enumerate(self.archive.entries):
            yield b",\n" * bool(index) + to_json({"path": path, "size": size, "sha256": sha256})
        yield b'],"missing":['
        for index, entry in enumerate(self.missing):
            yield b",\n" * bool(index) + to_json(entry)
        yield b"]}\n"


def _read(file: File[bytes]) -> bytes:
    with storage_errors():
        chunk: bytes = file.read(CHUNK)
    return chunk
