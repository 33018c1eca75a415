"""Export images and attachments as rows."""

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
    """An image in an export, with its original file."""

    id: int
    filename: str
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
    file: Annotated[str | None, registry.StoredFile("images", "id", "title", "filename", size="size", sha256="sha256")]
    created_at: Moment
    updated_at: Moment


class OrgkitAttachmentRow(BaseModel):
    """The attachment of an image to an object, in an export. A null text means the text of the image."""

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
    """Yield the attachments of all images of an organization, with the public identifiers of the objects."""
    links = ImageAttachment.objects.filter(image__organization=organization)
    rows = links.order_by("content_type", "object_id", *ORDER).values(*_COLUMNS)
    for link in registry.name_targets(rows, organization, ability="imageable"):
        yield {**link, "image": link["image_id"], "is_cover": link["cover_of"] is not None}
