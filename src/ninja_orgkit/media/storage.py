"""Where files are kept: one private storage, by alias, under names that say nothing."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from django.core.files.base import ContentFile, File
from django.core.files.storage import InMemoryStorage, Storage, storages

from ninja_orgkit.conf import settings
from ninja_orgkit.media.errors import StorageUnavailable

logger = logging.getLogger("ninja_orgkit")

_NO_FOLDER = "health"


def private() -> Storage:
    """Return the storage for pictures, avatars and archives: the alias that the setting ``STORAGE`` names."""
    return storages[settings.STORAGE]


def save(feature: str, extension: str, content: File[bytes] | bytes) -> str:
    """Store a file as ``<feature>/<uuid>.<extension>``; return the name that the storage gave it.

    Raises StorageUnavailable.
    """
    file = ContentFile(content) if isinstance(content, bytes) else content
    with reaching():
        return private().save(f"{feature}/{uuid4()}.{extension}", file)


@contextmanager
def reaching() -> Iterator[None]:
    """Turn whatever a storage raises into StorageUnavailable, FileNotFoundError aside.

    Each storage has its own exceptions, and the kit imports none of them.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as exc:
        logger.exception("The storage %r failed", settings.STORAGE)
        raise StorageUnavailable from exc


@contextmanager
def saving() -> Iterator[Saver]:
    """Give a saver whose files are deleted when the block fails.

    Put it outside the transaction that records the names, so that a change which is not committed leaves no file; and
    let ``transaction.on_commit(saver.names.clear)`` tell it that the files belong to somebody.
    """
    saver = Saver()
    try:
        yield saver
    except BaseException:
        saver.discard()
        raise


class Saver:
    """Stores files and remembers their names."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def save(self, feature: str, extension: str, content: File[bytes] | bytes) -> str:
        """Store a file, as ``save`` does."""
        name = save(feature, extension, content)
        self.names.append(name)
        return name

    def discard(self) -> None:
        """Delete all files that were stored; one that cannot be deleted is logged and does not keep the others."""
        while self.names:
            with suppress(StorageUnavailable):
                delete(self.names.pop())


def delete(name: str) -> None:
    """Delete a file; one that is gone already is fine. Raises StorageUnavailable."""
    with suppress(FileNotFoundError), reaching():
        private().delete(name)


def open_file(name: str) -> File[bytes]:
    """Open a file for reading. Raises FileNotFoundError and StorageUnavailable."""
    with reaching():
        return private().open(name)


def size(name: str) -> int:
    """Return the bytes of a file. Raises FileNotFoundError and StorageUnavailable."""
    with reaching():
        return private().size(name)


def is_local(storage: Storage) -> bool:
    """Tell whether the application itself has to send the files, because no server has URLs for them."""
    if isinstance(storage, InMemoryStorage):
        return True
    try:
        storage.path("x")
    except NotImplementedError:
        return False
    return True


def check() -> None:
    """Raise whatever the storage raises when it is away; cheap, and leaves nothing behind."""
    storage = private()
    if isinstance(storage, InMemoryStorage):
        return
    if is_local(storage):
        _check_folder(Path(storage.path("")))
    elif getattr(storage, "bucket_name", None):
        # Asked for an object, a bucket that is missing answers like one that does not have it.
        storage.listdir(_NO_FOLDER)
    else:
        storage.exists(_NO_FOLDER)


def _check_folder(folder: Path) -> None:
    """Raise OSError unless files can be made in a folder, which itself is made with the first of them."""
    nearest = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not nearest.is_dir():
        raise NotADirectoryError(nearest)
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise PermissionError(nearest)
