"""Attach images to objects, detach them, and order them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Max, Model, QuerySet

from ninja_orgkit.audit.actions import IMAGES_ARRANGED, IMAGES_ATTACHED, IMAGES_DETACHED
from ninja_orgkit.audit.announcing import changes_since, is_heard, values_of
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.attachments import fast_delete, target_of
from ninja_orgkit.database.inserting import insert_rows
from ninja_orgkit.errors import NotFound
from ninja_orgkit.images.models import Image, ImageAttachment
from ninja_orgkit.images.selectors import ORDER, forget_images, links_of
from ninja_orgkit.images.targets import give_covers, lock_object
from ninja_orgkit.organizations.announcing import announce_in
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.registry import resource_for

_ARRANGED = ("is_cover", "position", "title", "description", "alt_text")


@dataclass(frozen=True)
class Attached:
    """The result of attaching several images, by id."""

    attached: list[int]
    already_attached: list[int]
    not_found: list[int]


@dataclass(frozen=True)
class Detached:
    """The result of detaching several images, by id."""

    detached: list[int]
    not_attached: list[int]


@atomic()
def attach_images(obj: Model, images: Iterable[Image | int]) -> Attached:
    """Attach images of its own organization to an object, after those that it already has: all or none.

    ``images`` are images or their ids. The first image of an object becomes its cover. Raises NotFound if the object or
    one of the images does not exist, and LookupError if its model is not registered as imageable.
    """
    attached = _attach(obj, images)
    if attached.not_found:
        raise NotFound
    return attached


@atomic()
def attach_found_images(obj: Model, images: Iterable[Image | int]) -> Attached:
    """Attach those of the images that exist in the organization. Takes five statements for any number of images.

    Raises NotFound if the object is gone.
    """
    return _attach(obj, images)


def _attach(obj: Model, images: Iterable[Image | int]) -> Attached:
    resource, image_ids = resource_for(obj, ability="imageable"), _ids(images)
    organization = resource.home(obj)
    locked = Image.objects.select_for_update().filter(organization=organization, pk__in=image_ids)
    found = set(locked.order_by("pk").values_list("pk", flat=True))
    if resource.lock(obj) != organization:
        raise NotFound
    links = links_of(obj)
    present = set(links.filter(image_id__in=found).values_list("image_id", flat=True))
    new = [key for key in image_ids if key in found and key not in present]
    if new:
        _append(obj, links, new)
        forget_images(obj)
        announce_in(organization, IMAGES_ATTACHED, obj, changes={"images": {"old": [], "new": new}})
    already = [key for key in image_ids if key in present]
    return Attached(new, already, [key for key in image_ids if key not in found])


def _ids(images: Iterable[Image | int]) -> list[int]:
    return list(dict.fromkeys(image.pk if isinstance(image, Image) else image for image in images))


def _append(obj: Model, links: QuerySet[ImageAttachment], image_ids: list[int]) -> None:
    present = links.aggregate(last=Max("position"), covers=Count("cover_of"))
    start = 0 if present["last"] is None else present["last"] + 1
    target = target_of(obj)
    cover = None if present["covers"] else ImageAttachment(**target).target_key
    rows = [(key, start + at, None if at else cover, *target.values()) for at, key in enumerate(image_ids)]
    insert_rows(ImageAttachment, ("image_id", "position", "cover_of", *target), rows)


def detach_image(obj: Model, image_id: int) -> None:
    """Detach an image from an object. Raises NotFound if it is not attached."""
    if not detach_images(obj, [image_id]).detached:
        raise NotFound


@atomic()
def detach_images(obj: Model, images: Iterable[Image | int]) -> Detached:
    """Detach images, or their ids, from an object. Without its cover it gets the next one.

    Images that are not attached are in the result. Raises NotFound if the object is gone.
    """
    image_ids = _ids(images)
    lock_object(obj)
    links = links_of(obj).filter(image_id__in=image_ids)
    covers = dict(links.values_list("image_id", "cover_of"))
    if covers:
        fast_delete(links)
    if any(covers.values()):
        target = target_of(obj)
        give_covers([(target["content_type_id"], target["object_id"])])
    forget_images(obj)
    gone = [key for key in image_ids if key in covers]
    if gone and is_heard(IMAGES_DETACHED, type(obj)):
        home = resource_for(obj, ability="imageable").home(obj)
        announce_in(home, IMAGES_DETACHED, obj, changes={"images": {"old": gone, "new": []}})
    return Detached(gone, [key for key in image_ids if key not in covers])


@atomic()
def update_attachment(organization: Organization, obj: Model, image_id: int, *, changes: dict[str, Any]) -> None:
    """Change ``is_cover``, ``position`` and the texts that override the image's, as far as given.

    ``is_cover=False`` makes the next image the cover, if there is one. A new ``position`` moves the images in between;
    a position beyond the end means the end. Raises NotFound if the image is not attached.
    """
    lock_object(obj)
    links = links_of(obj)
    link = links.filter(image_id=image_id, image__organization=organization).first()
    if link is None:
        raise NotFound
    before = values_of(link, _ARRANGED)
    changes = dict(changes)
    is_cover, position = changes.pop("is_cover", link.is_cover), changes.pop("position", link.position)
    for name, value in changes.items():
        setattr(link, name, value)
    # Write each row once. PostgreSQL checks the foreign keys of a row that is written twice again at the end of the
    # transaction. That check would wait for the image while it holds the object, against the order of all other locks.
    written = _pass_cover(links, link) if is_cover != link.is_cover else [link]
    if position != link.position:
        _move(links, written, link, position)
    forget_images(obj)
    for row in written:
        row.save(update_fields=["position", "cover_of", *(changes if row is link else ())])
    if changed := changes_since(before, link):
        which = {"image": {"old": image_id, "new": image_id}}
        announce_in(organization.pk, IMAGES_ARRANGED, obj, changes={**which, **changed})


def _pass_cover(links: QuerySet[ImageAttachment], link: ImageAttachment) -> list[ImageAttachment]:
    """Make a link the cover, or the next link instead of it. Return the changed links in the order to save them."""
    before, after = links.exclude(cover_of=None).first(), link
    if link.is_cover:
        heir = links.exclude(pk=link.pk).order_by(*ORDER).first()
        if heir is None:
            return [link]
        before, after = link, heir
    after.cover_of = after.target_key
    if before is None:
        return [after]
    before.cover_of = None
    return [before, after]


def _move(
    links: QuerySet[ImageAttachment], written: list[ImageAttachment], link: ImageAttachment, position: int
) -> None:
    """Move a link to another position, and the links in between. Those in ``written`` are not saved yet."""
    last: int = links.aggregate(last=Max("position"))["last"]
    old, new = link.position, min(position, last)
    first, step = (old + 1, -1) if new > old else (new, 1)
    between = range(first, first + abs(new - old))
    others = links.exclude(pk__in=[row.pk for row in written])
    others.filter(position__gte=between.start, position__lt=between.stop).update(position=F("position") + step)
    for row in written:
        if row.position in between:
            row.position += step
    link.position = new
