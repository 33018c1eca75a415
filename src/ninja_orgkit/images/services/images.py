"""Change and delete images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ninja_orgkit.audit.actions import IMAGE_DELETED, IMAGE_UPDATED
from ninja_orgkit.audit.announcing import announce, changes_since, values_of
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.locks import Check, lock
from ninja_orgkit.images.models import Image
from ninja_orgkit.images.removal import remove_images
from ninja_orgkit.organizations.models import Organization

_PURGED_AT_ONCE = 200


@dataclass(frozen=True)
class Deleted:
    """The result of deleting several images, by id."""

    deleted: list[int]
    not_found: list[int]


@atomic()
def update_image(
    organization: Organization, image_id: int, *, changes: dict[str, Any], check: Check | None = None
) -> None:
    """Change ``title``, ``description`` and ``alt_text``, as far as given.

    Raises NotFound, and what ``check`` raises.
    """
    image = lock(Image.objects.filter(organization=organization, pk=image_id), check)
    before = values_of(image, changes)
    for name, value in changes.items():
        setattr(image, name, value)
    if changes:
        image.save(update_fields=[*changes, "updated_at"])
    if changed := changes_since(before, image):
        announce(IMAGE_UPDATED, image, organization=organization, changes=changed)


@atomic()
def delete_image(organization: Organization, image_id: int, *, check: Check | None = None) -> None:
    """Delete an image, its attachments and its files. Raises NotFound, and what ``check`` raises."""
    _remove(organization, [lock(Image.objects.filter(organization=organization, pk=image_id), check)])


@atomic()
def delete_images(organization: Organization, *, image_ids: Sequence[int]) -> Deleted:
    """Delete those of the images that exist in the organization, with their attachments and files."""
    rows = Image.objects.select_for_update().filter(organization=organization, pk__in=image_ids)
    images = list(rows.order_by("pk").only("pk", "title", "file", "renditions"))
    _remove(organization, images)
    found = {image.pk for image in images}
    return Deleted([key for key in image_ids if key in found], [key for key in image_ids if key not in found])


def _remove(organization: Organization, images: list[Image]) -> None:
    for image in images:
        announce(IMAGE_DELETED, image, organization=organization)
    remove_images(images)


@atomic()
def purge_images(organization: int) -> bool:
    """Delete one batch of the images of a closed organization. Tell whether there may be more."""
    rows = Image.objects.select_for_update().filter(organization=organization).order_by("pk")
    images = list(rows.only("pk", "file", "renditions")[:_PURGED_AT_ONCE])
    remove_images(images, keep_covers=False)
    return len(images) == _PURGED_AT_ONCE
