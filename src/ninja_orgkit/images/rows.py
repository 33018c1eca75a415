"""Images and attachments as rows of an export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from typing import Annotated, Any

from django.contrib.contenttypes.models import ContentType
from pydantic import BaseModel, Field

from ninja_orgkit import registry
from ninja_orgkit.images.models import ImageAttachment
from ninja_orgkit.images.selectors import ORDER
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.protocol.fields import Moment

_FETCH = 1000
_COLUMNS = ("content_type_id", "object_id", "image_id", "position", "cover_of", "title", "description", "alt_text")


class OrgkitImageRow(BaseModel):
    """An image in an export, with its original."""

    id: int
    title: str
    description: str
    alt_text: str
    format: str
    width: int
    height: int
    size: int
    sha256: str
    placeholder: str
    creator: str | None = Field(validation_alias="creator__slug")
    file: Annotated[str | None, registry.StoredFile("images", "id", "title")]
    created_at: Moment
    updated_at: Moment


class OrgkitAttachmentRow(BaseModel):
    """In an export: that an object, by its public name and identifier, has an image; null texts are the image's."""

    image: int
    app_label: str
    model: str
    obj_id: str
    is_cover: bool
    position: int
    title: str | None
    description: str | None
    alt_text: str | None


def attachment_export(organization: Organization) -> Iterator[dict[str, Any]]:
    """Yield what each image of an organization is attached to, in constant memory.

    Objects are named by their public identifiers; those of models that are no longer registered are left out.
    """
    resources = {
        ContentType.objects.get_for_model(resource.model).pk: resource
        for resource in registry.resources()
        if resource.imageable
    }
    links = ImageAttachment.objects.filter(image__organization=organization, content_type__in=resources)
    found = links.order_by("content_type", "object_id", *ORDER).values(*_COLUMNS).iterator(chunk_size=_FETCH)
    while batch := list(islice(found, _FETCH)):
        for content_type, links_of_type in groupby(batch, key=lambda link: link["content_type_id"]):
            yield from _named(resources[content_type], organization, list(links_of_type))


def _named(
    resource: registry.Resource, organization: Organization, links: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    objects = resource.of(organization).filter(pk__in={link["object_id"] for link in links})
    public = {str(key): str(name) for key, name in objects.values_list("pk", resource.lookup)}
    for link in links:
        if link["object_id"] in public:
            yield {
                **link,
                "image": link["image_id"],
                "app_label": resource.app_label,
                "model": resource.model_name,
                "obj_id": public[link["object_id"]],
                "is_cover": link["cover_of"] is not None,
            }
