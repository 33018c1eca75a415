"""Attaching images to objects, detaching them, and which of them comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Max, Model, QuerySet

from ninja_orgkit.attachments import target_of
from ninja_orgkit.errors import NotFound
from ninja_orgkit.images.models import Image, ImageAttachment
from ninja_orgkit.images.removal import delete_rows
from ninja_orgkit.images.selectors import ORDER, links_of
from ninja_orgkit.images.targets import give_covers, lock_object
from ninja_orgkit.organizations.models import Organization


@dataclass(frozen=True)
class Attached:
    """What became of several ids."""

    attached: list[int]
    already_attached: list[int]
    not_found: list[int]


@dataclass(frozen=True)
class Detached:
    """What became of several ids."""

    detached: list[int]
    not_attached: list[int]


def attach_images(organization: Organization, obj: Model, *, image_ids: Sequence[int]) -> Attached:
    """Attach images of the organization to one of its objects, behind those that it has; all or none.

    The first one that an object gets is its cover. Raises NotFound when one of them, or the object, is not there.
    """
    with transaction.atomic():
        attached = attach_found_images(organization, obj, image_ids=image_ids)
        if attached.not_found:
            raise NotFound
        return attached


@transaction.atomic
def attach_found_images(organization: Organization, obj: Model, *, image_ids: Sequence[int]) -> Attached:
    """Attach those images of the organization that are there; five statements whatever their number.

    Raises NotFound when the object is gone.
    """
    images = Image.objects.select_for_update().filter(organization=organization, pk__in=image_ids)
    found = set(images.order_by("pk").values_list("pk", flat=True))
    lock_object(obj)
    links = links_of(obj)
    present = set(links.filter(image_id__in=found).values_list("image_id", flat=True))
    new = [key for key in image_ids if key in found and key not in present]
    if new:
        _append(obj, links, new)
    already = [key for key in image_ids if key in present]
    return Attached(new, already, [key for key in image_ids if key not in found])


def _append(obj: Model, links: QuerySet[ImageAttachment], image_ids: list[int]) -> None:
    present = links.aggregate(last=Max("position"), covers=Count("cover_of"))
    start = 0 if present["last"] is None else present["last"] + 1
    target = target_of(obj)
    new = [ImageAttachment(image_id=key, position=start + at, **target) for at, key in enumerate(image_ids)]
    if not present["covers"]:
        new[0].cover_of = new[0].target_key
    ImageAttachment.objects.bulk_create(new)


def detach_image(obj: Model, image_id: int) -> None:
    """Detach an image from an object. Raises NotFound when it is not attached."""
    if not detach_images(obj, image_ids=[image_id]).detached:
        raise NotFound


@transaction.atomic
def detach_images(obj: Model, *, image_ids: Sequence[int]) -> Detached:
    """Detach images from an object; when the cover goes the next image becomes it. Raises NotFound when it is gone."""
    lock_object(obj)
    links = links_of(obj).filter(image_id__in=image_ids)
    covers = dict(links.values_list("image_id", "cover_of"))
    if covers:
        delete_rows(links)
    if any(covers.values()):
        target = target_of(obj)
        give_covers([(target["content_type_id"], target["object_id"])])
    gone = [key for key in image_ids if key in covers]
    return Detached(gone, [key for key in image_ids if key not in covers])


@transaction.atomic
def update_attachment(organization: Organization, obj: Model, image_id: int, *, changes: dict[str, Any]) -> None:
    """Change the given ones of ``is_cover``, ``position`` and the texts that override the image's.

    A cover that shall be none gives way to the next image, if there is one. At a new ``position`` the images in between
    move up; one beyond the end is the end. Raises NotFound when the image is not attached.
    """
    lock_object(obj)
    links = links_of(obj)
    link = links.filter(image_id=image_id, image__organization=organization).first()
    if link is None:
        raise NotFound
    changes = dict(changes)
    is_cover, position = changes.pop("is_cover", link.is_cover), changes.pop("position", link.position)
    for name, value in changes.items():
        setattr(link, name, value)
    if changes:
        link.save(update_fields=list(changes))
    if position != link.position:
        _move(links, link, position)
    if is_cover != link.is_cover:
        heir = link if is_cover else links.exclude(pk=link.pk).order_by(*ORDER).first()
        if heir is not None:
            links.exclude(cover_of=None).update(cover_of=None)
            links.filter(pk=heir.pk).update(cover_of=heir.target_key)


def _move(links: QuerySet[ImageAttachment], link: ImageAttachment, position: int) -> None:
    last: int = links.aggregate(last=Max("position"))["last"]
    position = min(position, last)
    if position > link.position:
        links.filter(position__gt=link.position, position__lte=position).update(position=F("position") - 1)
    else:
        links.filter(position__gte=position, position__lt=link.position).update(position=F("position") + 1)
    links.filter(pk=link.pk).update(position=position)
