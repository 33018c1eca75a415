"""Check that an export of ninja-orgkit is complete: ``python verify_export.py ARCHIVE.zip [SHA256]``.

The program compares every file of the archive with the manifest, by size and SHA-256, and counts every row. Give it the
``sha256`` from the API, and it compares the archive itself, too. It needs only Python. The exit code is 0 if everything
is right, and 1 if something is wrong.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

CHUNK = 1024 * 1024


def problems(path: Path, expected: str = "") -> Iterator[str]:
    """Yield a sentence for each problem."""
    if expected:
        with path.open("rb") as file:
            if digest(file)[1] != expected.lower():
                yield "the archive is not the one that this SHA-256 belongs to"
    try:
        with zipfile.ZipFile(path) as archive:
            yield from wrong_members(archive)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        yield f"the archive cannot be read: {error}"


def wrong_members(archive: zipfile.ZipFile) -> Iterator[str]:
    """Yield the problems of the files in an archive."""
    manifest = json.loads(archive.read("manifest.json"))
    if manifest["format"] != "ninja-orgkit-export" or manifest["version"] != 1:
        yield "this program does not know the format of this export"
        return
    names = archive.namelist()
    listed = {entry["path"]: entry for entry in manifest["files"]}
    for name in sorted({name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else ()):
        yield f"{name} is there twice"
    for name in sorted(set(names) - set(listed) - {"manifest.json"}):
        yield f"{name} is not in the manifest"
    for name in sorted(set(listed) - set(names)):
        yield f"{name} is in the manifest, but not in the archive"
    for name in sorted(set(listed) & set(names)):
        with archive.open(name) as member:
            size, sha256 = digest(member)
        if size != listed[name]["size"]:
            yield f"{name} has {size} bytes instead of {listed[name]['size']}"
        elif sha256 != listed[name]["sha256"]:
            yield f"{name} has changed since it was stored or exported"
    yield from wrong_counts(archive, manifest["counts"], set(names))


def wrong_counts(archive: zipfile.ZipFile, counts: dict[str, int], names: set[str]) -> Iterator[str]:
    """Yield the kinds that have more or fewer rows than the manifest says."""
    for kind, count in counts.items():
        name = f"data/{kind}.jsonl"
        if name not in names:
            yield f"{name} is missing"
            continue
        with archive.open(name) as member:
            rows = sum(1 for line in member if json.loads(line) is not None)
        if rows != count:
            yield f"{name} has {rows} rows instead of {count}"


def digest(file: IO[bytes]) -> tuple[int, str]:
    """Return the size and the SHA-256 of the rest of a file."""
    size, sha256 = 0, hashlib.sha256()
    while chunk := file.read(CHUNK):
        size += len(chunk)
        sha256.update(chunk)
    return size, sha256.hexdigest()


def main(arguments: list[str]) -> int:
    """Print the verdict and return the exit code."""
    if len(arguments) not in (1, 2):
        sys.stderr.write("usage: python verify_export.py ARCHIVE.zip [SHA256]\n")
        return 2
    found = list(problems(Path(arguments[0]), *arguments[1:]))
    for problem in found:
        sys.stdout.write(f"- {problem}\n")
    sys.stdout.write("BROKEN\n" if found else "OK: every file is there, unchanged, and in the manifest.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
