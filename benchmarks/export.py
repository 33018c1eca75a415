"""Exports: ours against copy + CRC. Run it as ``python benchmarks/export.py``; it needs 6 GiB of disk.

The floor reads every picture in chunks of 1 MiB, computes the CRC-32 that a ZIP needs, and writes the bytes to a file.
``digest`` also computes one SHA-256, because the API tells that of the archive; those of the pictures are known since
their upload. Ours is the whole archive: rows, pictures, page and manifest, in a file as the worker makes it. Every run
is a process of its own, the runs are interleaved, and only ratios within one run count. CPU is user and system time of
all threads. A row costs what ours takes beyond ``digest``, which says something only where rows are most of the work.

Reached on two busy cores with SQLite: CPU 2.55 at 2 GiB with a peak of 8 MiB, and 0.040 ms a row at 200k rows.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import django
from django.conf import settings
from django.core.management import call_command

MIB = 2**20
ROUNDS = 3
SIDE = 4 * MIB  # bytes of one picture
SHAPES = ("floor", "digest", "ours")
CASES = {"10k rows, 512 MiB": (10_000, 512), "10k rows, 2 GiB": (10_000, 2048), "200k rows, 512 MiB": (200_000, 512)}


def configure(folder: Path) -> None:
    """Set Django up on a SQLite of its own."""
    if settings.configured:
        return
    from ninja_orgkit.apps import ORGKIT_APPS  # noqa: PLC0415

    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "db.sqlite3"}
    database["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"}
    location = {"location": folder / "media"}
    settings.configure(
        SECRET_KEY="x" * 50,
        USE_TZ=True,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", *ORGKIT_APPS],
        DATABASES={"default": database},
        STORAGES={"default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": location}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    )
    django.setup()


def seed(folder: Path, rows: int, mebibytes: int) -> None:
    """Make an organization with contacts and pictures."""
    configure(folder)
    from ninja_orgkit.contacts.models import Contact  # noqa: PLC0415
    from ninja_orgkit.images.models import Image  # noqa: PLC0415
    from ninja_orgkit.organizations.models import Organization  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    Organization.objects.filter(slug="acme").delete()
    organization = Organization.objects.create(slug="acme", name="Acme")
    for start in range(0, rows, 1000):
        Contact.objects.bulk_create(
            Contact(
                organization=organization,
                slug=f"contact-{number}",
                display_name=f"Contact {number}",
                email=f"contact{number}@example.com",
                phone="+41 44 123 45 67",
                notes="Met at the fair; wants an offer for the new line. " * 3,
            )
            for number in range(start, min(rows, start + 1000))
        )
    (folder / "media" / "images").mkdir(parents=True, exist_ok=True)
    for number in range(mebibytes * MIB // SIDE):
        path = folder / "media" / "images" / f"{number}.jpg"
        if not path.exists():
            path.write_bytes(os.urandom(SIDE))
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        Image.objects.create(
            organization=organization,
            title=f"Picture {number}",
            format="jpeg",
            width=4000,
            height=3000,
            size=SIDE,
            sha256=sha256,
            placeholder="#000000",
            file=f"images/{number}.jpg",
        )


def chunks(folder: Path, mebibytes: int) -> Iterator[tuple[bool, bytes]]:
    """Yield the bytes of all pictures; the flag marks the first chunk of each."""
    for number in range(mebibytes * MIB // SIDE):
        with (folder / "media" / "images" / f"{number}.jpg").open("rb") as file:
            first = True
            while chunk := file.read(MIB):
                yield first, chunk
                first = False


def floor(folder: Path, mebibytes: int, out: BinaryIO) -> None:
    """Copy + CRC."""
    crc = 0
    for first, chunk in chunks(folder, mebibytes):
        crc = zlib.crc32(chunk, 0 if first else crc)
        out.write(chunk)


def digest(folder: Path, mebibytes: int, out: BinaryIO) -> None:
    """Copy + CRC + the digest of the archive."""
    crc, sha256 = 0, hashlib.sha256()
    for first, chunk in chunks(folder, mebibytes):
        crc = zlib.crc32(chunk, 0 if first else crc)
        sha256.update(chunk)
        out.write(chunk)


def ours(folder: Path, mebibytes: int, out: BinaryIO) -> None:
    """What the worker does."""
    from ninja_orgkit.exports.archive.progress import Progress  # noqa: PLC0415
    from ninja_orgkit.exports.archive.writing import write_archive  # noqa: PLC0415
    from ninja_orgkit.organizations.models import Organization  # noqa: PLC0415

    _size, sha256 = write_archive(Organization.objects.get(slug="acme"), out, Progress())
    assert len(sha256) == 64


def resident() -> float:
    """Return the resident memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / MIB


def peak_of(run: Callable[[], Any]) -> float:
    """Return how many MiB a run takes at most above what there was before."""
    before, highest, done = resident(), 0.0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.005):
            highest = max(highest, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    run()
    done.set()
    watcher.join()
    return highest - before


def child(shape: str, folder: Path, mebibytes: int) -> None:
    """Run one shape and print the figures as JSON."""
    configure(folder)
    from ninja_orgkit.exports.archive import writing  # noqa: F401, PLC0415  # imports are not part of the work

    with tempfile.TemporaryFile(dir=folder) as out:
        started, cpu = time.perf_counter(), time.process_time()
        peak = peak_of(lambda: globals()[shape](folder, mebibytes, out))
        spent, used = time.perf_counter() - started, time.process_time() - cpu
    print(json.dumps({"seconds": spent, "cpu": used, "peak": peak}))


def main(cases: list[str]) -> None:
    """Print one line for each shape of each case."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case in cases:
            rows, mebibytes = CASES[case]
            seed(folder, rows, mebibytes)
            runs: dict[str, list[dict[str, float]]] = {shape: [] for shape in SHAPES}
            for _ in range(ROUNDS):
                for shape in SHAPES:
                    command = [sys.executable, __file__, "--child", shape, name, str(mebibytes)]
                    runs[shape].append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
            best = {shape: min(run["seconds"] for run in found) for shape, found in runs.items()}
            cpu = {shape: min(run["cpu"] for run in found) for shape, found in runs.items()}
            print(f"{case}: floor {best['floor']:.2f} s")
            for shape in SHAPES:
                speed, work = best["floor"] / best[shape], cpu[shape] / cpu["floor"]
                peak = max(run["peak"] for run in runs[shape])
                row = 1e3 * (cpu["ours"] - cpu["digest"]) / rows
                goal = f"  {row:.3f} ms a row  (target: CPU ≤ 2.6 at 2 GiB and 10k rows, 0.050 ms a row, peak ≤ 16 MiB)"
                print(
                    f"  {shape:7} speed {speed:4.2f}  CPU {work:4.2f}  peak {peak:5.1f} MiB{goal * (shape == 'ours')}"
                )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
    else:
        main(sys.argv[1:] or list(CASES))
