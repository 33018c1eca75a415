"""Clean up after images and attachments that the admin, a queryset or a cascade deletes."""

from __future__ import annotations

from typing import Any

from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.background.tasks import DELETE_FILES
from ninja_orgkit.images.models import Image, ImageAttachment
from ninja_orgkit.images.targets import give_covers, lock_targets


def delete_files(sender: type[Image], instance: Image, **_kwargs: Any) -> None:
    """Delete the files of a deleted image after the commit."""
    enqueue(DELETE_FILES, names=instance.stored_names())


def pass_cover_on(sender: type[ImageAttachment], instance: ImageAttachment, **_kwargs: Any) -> None:
    """Make the next image the cover of an object that has lost its cover."""
    if instance.is_cover:
        target = [(instance.content_type_id, instance.object_id)]
        lock_targets(target)
        give_covers(target)
