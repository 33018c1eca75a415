"""Delete images with their attachments, tags and files, in a constant number of statements."""

from __future__ import annotations

from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.background.tasks import DELETE_FILES
from ninja_orgkit.database.attachments import delete_links, fast_delete, without_cascade
from ninja_orgkit.images.models import Image, ImageAttachment
from ninja_orgkit.images.targets import give_covers, lock_targets


def remove_images(images: list[Image], *, keep_covers: bool = True) -> None:
    """Delete images that the caller's transaction has locked. Their files are deleted after the commit.

    Objects that lose their cover get the next image as cover, unless ``keep_covers`` is False.
    """
    if not images:
        return
    keys = [image.pk for image in images]
    links = ImageAttachment.objects.filter(image_id__in=keys)
    targets = set(links.values_list("content_type_id", "object_id")) if keep_covers else set()
    lock_targets(targets)
    fast_delete(links)
    if targets:
        give_covers(targets)
    fast_delete(without_cascade(Image, keys))
    delete_links(Image, keys)
    enqueue(DELETE_FILES, names=[name for image in images for name in image.stored_names()])
