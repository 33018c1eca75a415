"""Avatars: a picture of an account, a contact or an organization (its logo), as a square in two sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import IO, Any, ClassVar, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.db.models.signals import post_delete

from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.background.tasks import DELETE_FILES
from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.errors import NotFound
from ninja_orgkit.media.errors import NoAvatar
from ninja_orgkit.media.orphans import names_from
from ninja_orgkit.media.renditions import square_avatar
from ninja_orgkit.media.storage import StoredFiles
from ninja_orgkit.media.uploads import refuse_oversize

_FIELDS = ("avatar", "avatar_large")

Tell = Callable[..., None]
"""Is called with an object and ``changes``, which say of its avatar only whether it had one, and whether it has one."""

_tell: dict[type, Tell] = {}


class WithAvatar(models.Model):
    """A model with an avatar in two sizes. The columns hold stored names, and are empty when there is no avatar."""

    avatar: models.CharField[str, str] = models.CharField(max_length=255, blank=True, default="", editable=False)
    avatar_large: models.CharField[str, str] = models.CharField(max_length=255, blank=True, default="", editable=False)

    AVATAR_NAME: ClassVar[str] = "avatar"
    """What clients call it."""
    NO_AVATAR: ClassVar[type[NotFound]] = NoAvatar
    """The error when there is none to remove."""

    class Meta:
        abstract = True


M = TypeVar("M", bound=WithAvatar)


def set_avatar(obj: M, *, file: UploadedFile[Any] | IO[bytes], stored_files: StoredFiles | None = None) -> M:
    """Make a picture the avatar of ``obj``, delete the files of the former avatar, and return ``obj``.

    Both sizes are rendered and stored first, and deleted again when the row cannot be changed. A caller with a
    transaction of its own passes ``stored_files``, opened outside that transaction. Raises FileTooLarge,
    UnsupportedImage, InvalidImage, ImageTooLarge and StorageUnavailable, and NotFound when the row is gone.
    """
    with StoredFiles() if stored_files is None else nullcontext(stored_files) as files:
        return store_avatar(obj, file=file, stored_files=files)()


def store_avatar(obj: M, *, file: UploadedFile[Any] | IO[bytes], stored_files: StoredFiles) -> Callable[[], M]:
    """Render and store an avatar, which is slow, so call it outside a transaction.

    Return a function that writes the row and returns ``obj``. See ``set_avatar`` for the errors of both.
    """
    if isinstance(file, UploadedFile):
        refuse_oversize(file, max_bytes=settings.AVATAR_MAX_BYTES)
    pictures = square_avatar(file, settings.AVATAR_SIZES)
    names = [stored_files.save("avatars", "webp", pictures[size]) for size in settings.AVATAR_SIZES]

    def write() -> M:
        with atomic():
            _replace(obj, names)
            stored_files.keep_on_commit()
        return obj

    return write


def clear_avatar(obj: WithAvatar) -> None:
    """Remove the avatar of ``obj`` and its files. Raises ``NO_AVATAR``, and NotFound when the row is gone."""
    _replace(obj, ["", ""])


def avatar_names(obj: WithAvatar) -> list[str]:
    """Return the stored names of an avatar, which are to be deleted with the row."""
    return [name for name in (obj.avatar, obj.avatar_large) if name]


def cascade_files_from(model: type[WithAvatar], *, tell: Tell) -> None:
    """Delete the files of an avatar after the commit that deletes its row, and tell which files have one.

    ``tell`` is called with an object whose avatar has changed, in that transaction.
    """
    _tell[model] = tell
    post_delete.connect(_delete_files, sender=model, dispatch_uid=f"orgkit.avatar.{model._meta.label}")
    names_from("avatars", partial(_names, model))


def _names(model: type[WithAvatar]) -> Iterator[str]:
    """Yield the stored names of all avatars of a model."""
    for row in model._base_manager.exclude(avatar="").values_list(*_FIELDS).iterator():
        yield from row


def _delete_files(instance: WithAvatar, **_kwargs: Any) -> None:
    if names := avatar_names(instance):
        enqueue(DELETE_FILES, names=names)


def _replace(obj: WithAvatar, names: Sequence[str]) -> None:
    """Write new names, and delete the old files after the commit. The row is locked, so that no file is forgotten."""
    with atomic():
        row = type(obj)._base_manager.select_for_update().filter(pk=obj.pk).values_list(*_FIELDS).first()
        if row is None:
            raise NotFound
        old = [name for name in row if name]
        if not old and not any(names):
            raise obj.NO_AVATAR
        obj.avatar, obj.avatar_large = names
        obj.save(update_fields=[*_FIELDS, *_touched(obj)])
        if old:
            enqueue(DELETE_FILES, names=old)
        tell = _tell[obj._meta.concrete_model or type(obj)]
        tell(obj, changes={obj.AVATAR_NAME: {"old": bool(old), "new": any(names)}})


def _touched(obj: models.Model) -> list[str]:
    """Return the columns that record when a row was last changed."""
    return [field.name for field in obj._meta.concrete_fields if getattr(field, "auto_now", False)]
