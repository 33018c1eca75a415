"""Render images in the background after an upload."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from ninja_orgkit.audit.actions import IMAGE_FAILED, IMAGE_READY
from ninja_orgkit.audit.announcing import announce, is_heard
from ninja_orgkit.background.outbox import enqueue, enqueue_each
from ninja_orgkit.background.tasks import DELETE_FILES
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.images.models import Image
from ninja_orgkit.media.errors import ImageTooLarge, InvalidImage, UnsupportedImage
from ninja_orgkit.media.renditions import Rendered, render
from ninja_orgkit.media.storage import StoredFiles, open_file

RENDER = "orgkit.images.render"

_STALE_AFTER = timedelta(hours=1)
_ASK_AGAIN_AFTER = timedelta(hours=6)
_GIVE_UP_AFTER = timedelta(days=1)
BATCH = 1000
_MAX_ATTEMPTS = 3


def render_image(image_id: int) -> None:
    """Make the renditions of an image, unless it does not wait for them or is gone.

    Safe to run twice, even at the same time: a worker that finishes second, or after the image was deleted, deletes its
    own files. An image becomes ``failed`` if its file is gone or cannot be decoded, or if three workers died on it.
    Raises what the storage raises.
    """
    image = _begin(image_id)
    if image is None:
        return
    try:
        _render(image)
    except BaseException:
        # ``attempts`` counts only the renderings that killed their worker, and this worker is still alive.
        Image.objects.filter(pk=image.pk).update(attempts=0)
        raise


def _begin(image_id: int) -> Image | None:
    """Return an image that waits for its renditions, or None. An image that has killed too many workers fails."""
    waiting = Image.objects.filter(pk=image_id, status=Image.Status.PROCESSING)
    if waiting.filter(attempts__lt=_MAX_ATTEMPTS).update(attempts=F("attempts") + 1):
        return waiting.first()
    _give_up(waiting)
    return None


@atomic()
def _give_up(waiting: QuerySet[Image]) -> None:
    """Let images fail, and tell that, if anybody listens."""
    failed = list(waiting.select_for_update()) if is_heard(IMAGE_FAILED, Image) else []
    waiting.update(status=Image.Status.FAILED, updated_at=timezone.now())
    for image in failed:
        image.status = Image.Status.FAILED
        announce(IMAGE_FAILED, image)


def _render(image: Image) -> None:
    try:
        with open_file(image.file) as file:
            rendered = render(file)
    except (InvalidImage, ImageTooLarge, UnsupportedImage, FileNotFoundError):
        _finish(image, status=Image.Status.FAILED)
        return
    with StoredFiles() as stored_files:
        stored = _store(rendered, stored_files)
        placeholder = rendered.info.placeholder
        if not _finish(image, status=Image.Status.READY, placeholder=placeholder, renditions=stored):
            stored_files.discard()


def _store(rendered: Rendered, stored_files: StoredFiles) -> dict[str, Any]:
    """Store the renditions. Those of a small picture are identical, and are stored once."""
    names: dict[bytes, str] = {}
    stored = {}
    for name, made in rendered.renditions.items():
        if made.content not in names:
            names[made.content] = stored_files.save("images", "webp", made.content)
        stored[name] = {"name": names[made.content], "width": made.width, "height": made.height}
    return stored


@atomic()
def _finish(image: Image, **values: Any) -> bool:
    """Write the result, unless another worker has finished, or the image is gone or has been stored anew.

    Tell whether it was written.
    """
    waiting = Image.objects.filter(pk=image.pk, status=Image.Status.PROCESSING, file=image.file)
    current = waiting.select_for_update().first()
    if current is None:
        return False
    former = current.rendition_names()
    for name, value in values.items():
        setattr(current, name, value)
    current.save(update_fields=[*values, "updated_at"])
    if former and "renditions" in values:
        enqueue(DELETE_FILES, names=former)
    announce(IMAGE_READY if current.status == Image.Status.READY else IMAGE_FAILED, current)
    return True


@atomic()
def render_again(images: list[Image]) -> None:
    """Ask for new renditions, for example after a change of ``RENDITIONS``. The old files are deleted afterwards."""
    keys = [image.pk for image in images]
    Image.objects.filter(pk__in=keys).update(status=Image.Status.PROCESSING, attempts=0, updated_at=timezone.now())
    enqueue_each(RENDER, [{"image": key} for key in keys])


def revive() -> None:
    """Ask again for renditions that a killed worker did not finish. After a day without them an image fails."""
    now = timezone.now()
    waiting = Image.objects.filter(status=Image.Status.PROCESSING)
    _give_up(waiting.filter(updated_at__lte=now - _GIVE_UP_AFTER))
    while _ask_again(now):
        pass


@atomic()
def _ask_again(now: datetime) -> bool:
    """Ask for one batch, and tell whether there may be more.

    An image may only be waiting for busy workers, so ask rarely: every further message makes the queue longer.
    """
    is_due = Q(asked_at=None) | Q(asked_at__lte=now - _ASK_AGAIN_AFTER)
    stale = Image.objects.filter(is_due, status=Image.Status.PROCESSING, updated_at__lte=now - _STALE_AFTER).order_by(
        "pk"
    )
    keys = list(stale.select_for_update().values_list("pk", flat=True)[:BATCH])
    Image.objects.filter(pk__in=keys).update(asked_at=now)
    enqueue_each(RENDER, [{"image": key} for key in keys])
    return len(keys) == BATCH
