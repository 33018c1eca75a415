"""Find the images of an organization and of one object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, QuerySet

from ninja_orgkit.database.attachments import content_type_id, target_of
from ninja_orgkit.database.pages import Rows
from ninja_orgkit.database.preloading import preload
from ninja_orgkit.database.searched import SearchedQuerySet
from ninja_orgkit.database.tagging import TagTerms, find_tagged
from ninja_orgkit.errors import NotFound
from ninja_orgkit.images.models import Image, ImageAttachment
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.registry import resource_of
from ninja_orgkit.resources import OWN_ORGANIZATION

M = TypeVar("M", bound=Model)

ORDER = ("position", "image_id")
"""The order of an object's images."""

_COLUMNS = (
    "id", "filename", "title", "title_sort", "description", "alt_text", "format", "width", "height", "size", "status",
    "placeholder", "file", "renditions", "created_at", "updated_at", "organization__slug", "creator__slug",
)  # fmt: skip
_ANY_TAGS = TagTerms()
_LOADED = "_orgkit_images"
"""The attribute of an object that holds its images after ``with_images``."""
_LINK_COLUMNS = ("image_id", "position", "cover_of", "title", "description", "alt_text")


def images_in(
    organization: Organization, *, terms: Sequence[str] = (), tags: TagTerms = _ANY_TAGS, unattached: bool = False
) -> Rows:
    """Return the images of an organization as rows.

    Each of the ``terms`` (see ``search_terms``) must occur in an image's texts, and its tags must match ``tags``. With
    ``unattached``, only images that no object has are returned.
    """
    images = find_tagged(Image.objects.across([organization.pk]), [organization.pk], tags)
    if unattached:
        images = images.filter(~Exists(ImageAttachment.objects.filter(image=OuterRef("pk"))))
    narrow = partial(SearchedQuerySet.first_hits, among=images, terms=terms) if terms else None
    return Rows(image_rows(images.searched(terms)), narrow)


def image_rows(images: QuerySet[Image]) -> QuerySet[Image, dict[str, Any]]:
    """Return images as rows with the public columns."""
    rows: QuerySet[Image, dict[str, Any]] = images.values(*_COLUMNS)
    return rows


def image_row(organization: Organization, image_id: int) -> dict[str, Any]:
    """Return an image of an organization as a row. Raises NotFound."""
    row = image_rows(Image.objects.filter(organization=organization, pk=image_id)).first()
    if row is None:
        raise NotFound
    return row


def image_rows_by_sha256(organization: Organization, shas: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the images of an organization with these SHA-256 hashes, as rows by hash."""
    found = Image.objects.filter(organization=organization, sha256__in=shas)
    return {row["sha256"]: row for row in found.values(*_COLUMNS, "sha256")}


def stored_names() -> Iterator[str]:
    """Yield the stored names of all files of all images."""
    for file, renditions in Image.objects.values_list("file", "renditions").iterator():
        yield file
        yield from (rendition["name"] for rendition in renditions.values())


def links_of(obj: Model) -> QuerySet[ImageAttachment]:
    """Return the attachments of an object, in any order."""
    return ImageAttachment.objects.filter(**target_of(obj))


def attachments_of(organization: Organization, obj: Model) -> QuerySet[ImageAttachment, dict[str, Any]]:
    """Return the images of an object as rows, in any order. Columns of the image begin with ``image__``."""
    links = links_of(obj).filter(image__organization=organization)
    columns = [*_LINK_COLUMNS, *(f"image__{column}" for column in _COLUMNS)]
    rows: QuerySet[ImageAttachment, dict[str, Any]] = links.values(*columns)
    return rows


def attachment_rows(organization: Organization, obj: Model) -> list[dict[str, Any]]:
    """Return all images of an object, by position."""
    return list(attachments_of(organization, obj).order_by(*ORDER))


def attachment_row(organization: Organization, obj: Model, image_id: int) -> dict[str, Any]:
    """Return one image of an object. Raises NotFound if the object does not have it."""
    row = attachments_of(organization, obj).filter(image_id=image_id).first()
    if row is None:
        raise NotFound
    return row


def with_images(queryset: QuerySet[M, M]) -> QuerySet[M, M]:
    """Return a queryset whose objects know their images: ``images_of`` each of them takes no statement.

    One more statement reads the images of all objects. Raises LookupError if the model of the queryset is not
    registered, and TypeError for a queryset of ``values()``.
    """
    return preload(resource_of(queryset.model).with_organization(queryset), _load_images)


def images_of(obj: Model) -> list[Image]:
    """Return the images of its own organization that an object has, by position.

    Takes one statement, or none if the object comes from ``with_images``. Raises LookupError if its model is not
    registered.
    """
    loaded: list[Image] | None = vars(obj).get(_LOADED)
    if loaded is not None:
        return list(loaded)
    links = links_of(obj).filter(image__organization__in=resource_of(type(obj)).organization_of(obj))
    return [link.image for link in links.select_related("image").order_by(*ORDER)]


def forget_images(obj: Model) -> None:
    """Let ``images_of`` read the images of an object again, because they have changed."""
    vars(obj).pop(_LOADED, None)


def _load_images(objects: Sequence[Model]) -> None:
    content_type, keys = content_type_id(type(objects[0])), [str(obj.pk) for obj in objects]
    links = ImageAttachment.objects.filter(content_type=content_type, object_id__in=keys).select_related("image")
    found: dict[str, list[Image]] = defaultdict(list)
    for link in links.order_by(*ORDER):
        found[link.object_id].append(link.image)
    for obj in objects:
        home = getattr(obj, OWN_ORGANIZATION)
        setattr(obj, _LOADED, [image for image in found[str(obj.pk)] if image.organization_id == home])
