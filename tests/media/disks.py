"""A disk that is full after some bytes of each file."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage


class SmallDisk(FileSystemStorage):
    """A folder in which a file can have only ``room`` bytes: the kernel writes as many, and refuses the rest."""

    def __init__(self, *, room: int, **options: Any) -> None:
        super().__init__(**options)
        self.room = room

    def _save(self, name: str, content: Any) -> str:
        former = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.room, former[1]))
        try:
            stored: str = super()._save(name, content)  # type: ignore[misc]  # not in the stubs
            return stored
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, former)


def fill_disk(settings: Any, folder: Path, *, room: int = 0) -> None:
    """Let the storage of the test have room for ``room`` bytes in each further file."""
    disk = {"BACKEND": "tests.media.disks.SmallDisk", "OPTIONS": {"location": str(folder), "room": room}}
    settings.STORAGES = {**settings.STORAGES, "default": disk}
