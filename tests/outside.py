"""What is slow, and refuses to be done inside a transaction, where others would wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from django.core.files.storage import FileSystemStorage
from django.core.mail import EmailMessage
from PIL import Image, ImageFile

from ninja_orgkit.background import outbox
from ninja_orgkit.database.alias import kit_connection
from tests.accounts.hashers import OutsideTransactionsHasher

_done: set[str] = set()
_inside: list[str] = []


def _note(what: str) -> None:
    if kit_connection().in_atomic_block:
        _inside.append(what)  # what catches the error may take it for a damaged picture
        raise AssertionError(what)
    _done.add(what)


class OutsideTransactionsStorage(FileSystemStorage):
    """Stores files like its parent, outside transactions."""

    def _save(self, name: str, content: Any) -> str:
        _note("a file is stored")
        return super()._save(name, content)  # type: ignore[misc,no-any-return]

    def _open(self, name: str, mode: str = "rb") -> Any:
        _note("a file is read")
        return super()._open(name, mode)  # type: ignore[misc]

    def exists(self, name: str) -> bool:
        """Tell whether there is a file, as an object store does, over the network."""
        _note("a file is looked for")
        return super().exists(name)

    def delete(self, name: str) -> None:
        """Delete a file."""
        _note("a file is deleted")
        super().delete(name)


@contextmanager
def slow_work_outside_transactions(settings: Any) -> Iterator[set[str]]:
    """Let everything slow fail inside a transaction, and at the end the block. Yield what was done outside one."""
    _done.clear()
    _inside.clear()
    backend = f"{__name__}.{OutsideTransactionsStorage.__name__}"
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "BACKEND": backend}}
    hasher = f"{OutsideTransactionsHasher.__module__}.{OutsideTransactionsHasher.__name__}"
    settings.PASSWORD_HASHERS = [hasher]
    with ExitStack() as stack:
        for owner, name, what in (
            (ImageFile.ImageFile, "load", "a picture is decoded"),
            (Image.Image, "save", "a picture is encoded"),
            (Image.Image, "resize", "a picture is scaled"),
            (EmailMessage, "send", "a mail is sent"),
            (outbox, "_producer", "a message is sent to the broker"),
        ):
            stack.enter_context(_watched(owner, name, what))
        yield _done
    assert _inside == []


@contextmanager
def _watched(owner: Any, name: str, what: str) -> Iterator[None]:
    real = getattr(owner, name)

    def watched(*args: Any, **kwargs: Any) -> Any:
        _note(what)
        return real(*args, **kwargs)

    with mock.patch.object(owner, name, watched):
        yield
