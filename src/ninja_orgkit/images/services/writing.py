"""Write the rows of uploaded pictures, many at once, beside other requests that upload or delete the same ones."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from ninja_orgkit.audit.actions import IMAGE_UPLOADED
from ninja_orgkit.audit.announcing import announce
from ninja_orgkit.background.outbox import enqueue, enqueue_each
from ninja_orgkit.background.tasks import DELETE_FILES
from ninja_orgkit.images.models import Image
from ninja_orgkit.images.rendering import RENDER
from ninja_orgkit.images.selectors import image_rows_by_sha256
from ninja_orgkit.media.storage import StoredFiles
from ninja_orgkit.organizations.models import Organization

_TRIES = 3
_MENDED = (
    "file",
    "filename",
    "title",
    "description",
    "alt_text",
    "format",
    "width",
    "height",
    "placeholder",
)
_RENDERED_ANEW = ("status", "attempts", "asked_at", "renditions", "updated_at")


def mend(organization: Organization, fresh: dict[str, Image], broken: dict[str, dict[str, Any]]) -> None:
    """Give broken images the new files of ``fresh``, in a constant number of statements.

    An image that another request has mended first keeps the file from there. Texts that this upload does not have stay.
    """
    wanted = fresh.keys() & broken.keys()
    if not wanted:
        return
    locked = Image.objects.select_for_update().filter(organization=organization, sha256__in=wanted).order_by("pk")
    mended, abandoned = [], []
    for image in locked:
        if image.file == broken[image.sha256]["file"]:
            abandoned += image.stored_names()
            for name in _MENDED:
                setattr(image, name, getattr(fresh[image.sha256], name) or getattr(image, name))
            image.derive()
            image.status, image.attempts, image.asked_at, image.renditions = Image.Status.PROCESSING, 0, None, {}
            image.updated_at = timezone.now()
            mended.append(image)
    if mended:
        Image.objects.bulk_update(mended, [*_MENDED, *Image.DERIVED, *_RENDERED_ANEW])
        enqueue(DELETE_FILES, names=abandoned)
        for image in mended:
            announce(IMAGE_UPLOADED, image, organization=organization)


def insert(
    organization: Organization, fresh: dict[str, Image], rows: dict[str, dict[str, Any]], stored_files: StoredFiles
) -> set[str]:
    """Write images in a constant number of statements, and return the hashes of those that were written.

    If another request has written the same picture first, use its image and drop the file again, unless that image is
    already gone. Add all rows that exist now to ``rows``.
    """
    missing = set(fresh)
    for _ in range(_TRIES):
        if missing:
            # Every transaction inserts in the same order, so two of them never wait for each other.
            Image.objects.bulk_create([fresh[sha] for sha in sorted(missing)], ignore_conflicts=True)
            rows |= image_rows_by_sha256(organization, missing)
            missing -= rows.keys()
    created = {sha for sha, image in fresh.items() if sha in rows and rows[sha]["file"] == image.file}
    for sha in fresh.keys() - created:
        stored_files.drop(fresh[sha].file)
    enqueue_each(RENDER, [{"image": rows[sha]["id"]} for sha in fresh if sha in created])
    for sha in sorted(created):
        fresh[sha].pk = rows[sha]["id"]
        announce(IMAGE_UPLOADED, fresh[sha])
    return created
