"""Images and attachments as rows of an export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, Field

from ninja_orgkit import registry
from ninja_orgkit.images.models import ImageAttachment
from ninja_orgkit.images.selectors import ORDER
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.protocol.fields import Moment

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


def image_attachment_rows(organization: Organization) -> Iterator[dict[str, Any]]:
    """Yield what each image of an organization is attached to; objects are named by their public identifiers."""
    links = ImageAttachment.objects.filter(image__organization=organization)
    rows = links.order_by("content_type", "object_id", *ORDER).values(*_COLUMNS)
    for link in registry.name_targets(rows, organization, ability="imageable"):
        yield {**link, "image": link["image_id"], "is_cover": link["cover_of"] is not None}
