"""Images leave with their attachments, their tags and their files, in a constant number of statements."""

from __future__ import annotations

from typing import Any

from django.db import models

from ninja_orgkit.attachments import forget_many
from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.background.tasks import DELETE_FILES
from ninja_orgkit.images.models import Image, ImageAttachment
from ninja_orgkit.images.targets import give_covers, lock_targets


def remove_images(images: list[Image], *, keep_covers: bool = True) -> None:
    """Delete images that the caller's transaction has locked; files go after the commit.

    Objects that lose their cover get the next one, unless they go as well (``keep_covers=False``).
    """
    if not images:
        return
    keys = [image.pk for image in images]
    links = ImageAttachment.objects.filter(image_id__in=keys)
    targets = set(links.values_list("content_type_id", "object_id")) if keep_covers else set()
    lock_targets(targets)
    delete_rows(links)
    if targets:
        give_covers(targets)
    forget_many(Image, keys)
    delete_rows(Image.objects.filter(pk__in=keys))
    enqueue(DELETE_FILES, names=[name for image in images for name in image.stored_names()])


def delete_rows(rows: models.QuerySet[Any]) -> None:
    """Delete rows by one statement, without loading them; where models of the host point at them, as Django does."""
    if _host_points_at(rows.model):
        rows.delete()
    else:
        rows._raw_delete(rows.db)


def _host_points_at(model: type[models.Model]) -> bool:
    relations = (
        field for field in model._meta.get_fields(include_hidden=True) if field.auto_created and field.is_relation
    )
    return any(field.related_model not in (model, ImageAttachment) for field in relations if not field.concrete)
