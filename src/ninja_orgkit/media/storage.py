"""The one private storage of all files, under names that reveal nothing."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Self
from uuid import uuid4

from django.core.files.base import ContentFile, File
from django.core.files.storage import InMemoryStorage, Storage, storages

from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import on_commit
from ninja_orgkit.logs import get_logger
from ninja_orgkit.media.errors import StorageUnavailable

logger = get_logger("ninja_orgkit")

_NO_FOLDER = "health"


def private() -> Storage:
    """Return the storage of pictures, avatars and archives, which the setting ``STORAGE`` names."""
    return storages[settings.STORAGE]


def new_name(feature: str, extension: str) -> str:
    """Return a name that no file has: ``<feature>/<uuid>.<extension>``."""
    return f"{feature}/{uuid4()}.{extension}"


def save(feature: str, extension: str, content: File[bytes] | bytes) -> str:
    """Store a file under a new name, as ``store`` does."""
    return store(new_name(feature, extension), content)


def store(name: str, content: File[bytes] | bytes) -> str:
    """Store a file and return the name that the storage gave it. Raises StorageUnavailable.

    A full disk takes a piece of the file before it fails. The name is chosen beforehand, so that this piece is found
    and deleted.
    """
    file = ContentFile(content) if isinstance(content, bytes) else content
    try:
        with storage_errors():
            return private().save(name, file)
    except BaseException:
        # A bucket keeps nothing of an upload that failed, and one that is silent would cost the time of another call.
        if not getattr(private(), "bucket_name", None):
            with suppress(StorageUnavailable):
                delete(name)
        raise


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn whatever a storage raises, except FileNotFoundError, into StorageUnavailable.

    Each storage has exceptions of its own, and the kit imports none of them.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as exc:
        logger.exception("The storage %r failed", settings.STORAGE)
        raise StorageUnavailable from exc


class StoredFiles:
    """Files that are deleted again when the ``with`` block fails.

    Open the block outside the transaction that records the names, so that a transaction which is rolled back leaves no
    file. In the transaction, call ``keep_on_commit``: then the files stay once it is committed. A file that turns out
    to be superfluous is deleted at the end of the block: pass it to ``drop``.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._dropped: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_details: object) -> None:
        if error is not None:
            self.discard()
        _delete_all(self._dropped)

    def drop(self, name: str) -> None:
        """Delete a file at the end of the block."""
        self._dropped.append(name)

    def keep_on_commit(self) -> None:
        """Keep the files once the current transaction is committed."""
        on_commit(self.names.clear)

    def follow_transaction(self) -> None:
        """Delete the files if the current transaction is rolled back, even after the block.

        For a host's own code, which may have a transaction around the block.
        """
        on_commit(_Pending(self.names).keep)

    def save(self, feature: str, extension: str, content: File[bytes] | bytes) -> str:
        """Store a file as the function ``save`` does, and remember its name."""
        name = save(feature, extension, content)
        self.names.append(name)
        return name

    def discard(self) -> None:
        """Delete all files."""
        _delete_all(self.names)


class _Pending:
    """Files that wait for a commit. Django drops its callbacks in a rollback, and with them this object."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._rolled_back = weakref.finalize(self, _delete_all, names)
        self._rolled_back.atexit = False  # a process that ends in the middle may still have committed

    def keep(self) -> None:
        """Keep the files."""
        self._rolled_back.detach()
        self._names.clear()


def _delete_all(names: list[str]) -> None:
    """Delete files and empty the list. A file that cannot be deleted is logged, and does not keep the others."""
    while names:
        with suppress(StorageUnavailable):
            delete(names.pop())


def delete(name: str) -> None:
    """Delete a file. A file that is already gone is not an error. Raises StorageUnavailable."""
    with suppress(FileNotFoundError), storage_errors():
        private().delete(name)


def open_file(name: str) -> File[bytes]:
    """Open a file for reading. Raises FileNotFoundError and StorageUnavailable."""
    with storage_errors():
        return private().open(name)


def exists(name: str) -> bool:
    """Tell whether there is a file of this name. Raises StorageUnavailable."""
    with storage_errors():
        return private().exists(name)


def size(name: str) -> int:
    """Return the size of a file in bytes. Raises FileNotFoundError and StorageUnavailable."""
    with storage_errors():
        return private().size(name)


def files_in(folder: str) -> list[str]:
    """Return the names of the files in a folder, without the folder. Raises StorageUnavailable."""
    try:
        with storage_errors():
            return list(private().listdir(folder)[1])
    except FileNotFoundError:  # the first file makes the folder
        return []


def modified(name: str) -> datetime:
    """Return when a file was written, with a time zone. Raises FileNotFoundError and StorageUnavailable."""
    with storage_errors():
        return private().get_modified_time(name)


def is_local(storage: Storage) -> bool:
    """Tell whether the application has to send the files itself, because the storage has no URLs for them."""
    if isinstance(storage, InMemoryStorage):
        return True
    try:
        storage.path("x")
    except NotImplementedError:
        return False
    return True


def check() -> None:
    """Raise what the storage raises when it cannot be reached. This is cheap and leaves nothing behind."""
    storage = private()
    if isinstance(storage, InMemoryStorage):
        return
    if is_local(storage):
        _check_folder(Path(storage.path("")))
    elif getattr(storage, "bucket_name", None):
        # When asked for an object, a missing bucket answers like one without the object.
        storage.listdir(_NO_FOLDER)
    else:
        storage.exists(_NO_FOLDER)


def _check_folder(folder: Path) -> None:
    """Raise OSError unless files can be created in a folder. The folder itself is created with the first file."""
    nearest = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not nearest.is_dir():
        raise NotADirectoryError(nearest)
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise PermissionError(nearest)
