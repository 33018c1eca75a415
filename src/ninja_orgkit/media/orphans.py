"""Find files that no row names, and rows that name a file that is not there.

A process that is killed between storing a file and writing its row leaves such a file. A backup that is restored in
part leaves such a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from ninja_orgkit.media import storage

Names = Callable[[], Iterable[str]]

MIN_AGE = timedelta(days=1)
"""How old a file is at least that counts as forgotten. A younger one may belong to an upload that is under way."""

_OURS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[a-z0-9]+")
_owners: dict[str, list[Names]] = {}


class Findings(NamedTuple):
    """Stored names: of files without a row, and of files that rows name and that are not there."""

    forgotten: list[str]
    missing: list[str]


def names_from(folder: str, names: Names) -> None:
    """Say which files of a folder have a row. ``names`` yields their stored names, of all organizations."""
    _owners.setdefault(folder, []).append(names)


def find(*, min_age: timedelta = MIN_AGE) -> Findings:
    """Compare the storage with the rows. It holds all names in memory. Raises StorageUnavailable.

    A file whose name the kit would not have given is left alone, because it belongs to the host.
    """
    # The files come first: a row that is written later then has its file.
    stored = {f"{folder}/{name}" for folder in _owners for name in storage.files_in(folder) if _OURS.fullmatch(name)}
    named = {name for several in _owners.values() for names in several for name in names() if name}
    before = timezone.now() - min_age
    forgotten = [name for name in sorted(stored - named) if _is_older(name, before)]
    missing = [name for name in sorted(named - stored) if not storage.exists(name)]
    return Findings(forgotten, missing)


def _is_older(name: str, before: datetime) -> bool:
    try:
        return storage.modified(name) <= before
    except FileNotFoundError:  # deleted meanwhile
        return False
