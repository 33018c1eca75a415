"""What goes in and out of the routes of an object's images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field, StrictBool

from ninja_orgkit.images.schemas.ids import Ids
from ninja_orgkit.images.schemas.images import OrgkitImage, represent_image
from ninja_orgkit.images.values import AltText, Title
from ninja_orgkit.protocol.fields import Id, Line, OrgkitInput, Text, example

_MAX_POSITION = 2**31 - 1
Name = Annotated[str, Line(255)]


class OrgkitAttachment(BaseModel):
    """That an object has an image; texts that are not null override the image's."""

    image: OrgkitImage
    app_label: str = Field(examples=["contacts"])
    model: str = Field(examples=["contact"])
    obj_id: str = Field(examples=["grace-hopper-x7k2m5qa"])
    is_cover: bool
    position: int
    title: str | None = Field(examples=[None])
    description: str | None = Field(examples=[None])
    alt_text: str | None = Field(examples=["Grace at her desk"])


class OrgkitImageIds(OrgkitInput):
    """Ids of images."""

    model_config = example(image_ids=[42, 43])

    image_ids: Ids


class OrgkitImageAndObject(OrgkitInput):
    """An image and an object."""

    model_config = example(image_id=42, app_label="contacts", model="contact", obj_id="grace-hopper-x7k2m5qa")

    image_id: Id
    app_label: Name
    model: Name
    obj_id: Name

    @property
    def name(self) -> str:
        """The registered public name of the object's model."""
        return f"{self.app_label}/{self.model}"


class OrgkitAttachmentChange(OrgkitInput):
    """What to change of an attachment; null gives a text back to the image."""

    model_config = example(is_cover=True, alt_text="Grace at her desk")

    is_cover: StrictBool = False
    position: Annotated[int, Field(strict=True, ge=0, le=_MAX_POSITION)] = 0
    title: Title | None = None
    description: Text | None = None
    alt_text: AltText | None = None


class OrgkitAttachedImages(BaseModel):
    """What became of each id."""

    model_config = example(attached=[42], already_attached=[43], not_found=[44])

    attached: list[int]
    already_attached: list[int]
    not_found: list[int]


class OrgkitDetachedImages(BaseModel):
    """What became of each id."""

    model_config = example(detached=[42], not_attached=[43])

    detached: list[int]
    not_attached: list[int]


def represent_attachment(row: Mapping[str, Any], *, name: str, obj_id: str) -> dict[str, Any]:
    """Return an attachment as clients see it, given its row and how they address the object."""
    app_label, _, model = name.partition("/")
    return {
        "image": represent_image(row, prefix="image__"),
        "app_label": app_label,
        "model": model,
        "obj_id": obj_id,
        "is_cover": row["cover_of"] is not None,
        "position": row["position"],
        "title": row["title"],
        "description": row["description"],
        "alt_text": row["alt_text"],
    }
