"""Bodies of the routes of images and attachments, and what clients see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from ninja.params.functions import Path as PathParam
from pydantic import AfterValidator, BaseModel, Field, StrictBool
from pydantic_core import PydanticCustomError

from ninja_orgkit.conf import settings
from ninja_orgkit.database.keys import MAX_ID
from ninja_orgkit.errors import NotFound
from ninja_orgkit.images.services.uploads import Uploaded
from ninja_orgkit.protocol.fields import Id, Line, Moment, OrgkitInput, Text, example
from ninja_orgkit.protocol.multipart import Picture
from ninja_orgkit.protocol.urls import FileLink

_MAX_POSITION = 2**31 - 1


def _bounded(ids: list[int]) -> list[int]:
    if len(ids) > settings.BULK_MAX_ITEMS:
        raise PydanticCustomError("too_long", "At most {n} ids are allowed", {"n": settings.BULK_MAX_ITEMS})
    return list(dict.fromkeys(ids))


def _possible(value: int) -> int:
    if value > MAX_ID:
        raise NotFound
    return value


ImageId = Annotated[int, AfterValidator(_possible), PathParam(description="Id of the image.")]
"""The id of an image, as a part of a path. What no id can be is simply not found."""
# The longest lengths are settings: here for the document alone, as they were at start.
_MOST_IDS: dict[str, Any] = {"maxItems": settings.BULK_MAX_ITEMS}
_MOST_FILES: dict[str, Any] = {"maxItems": settings.BULK_UPLOAD_MAX_FILES}
Title = Annotated[str, Line(200)]
AltText = Annotated[str, Line(500)]
Name = Annotated[str, Line(255)]
Ids = Annotated[
    list[Id], Field(min_length=1, description="1–1,000 ids.", json_schema_extra=_MOST_IDS), AfterValidator(_bounded)
]


class OrgkitRendition(BaseModel):
    """A smaller WebP picture."""

    model_config = example(url="https://example.com/api/v1/media/7b1f-YXZhdGFycw.c2lnbmF0dXJl", width=160, height=120)

    url: FileLink
    width: int
    height: int


class OrgkitImage(BaseModel):
    """An image."""

    model_config = example(
        id=42,
        title="Evening",
        description="",
        alt_text="The sun sets behind hills",
        format="jpeg",
        width=4032,
        height=3024,
        size=3145728,
        status="ready",
        placeholder="#c08a5e",
        organization="acme",
        creator="ada-5kq2m7xa",
        url="https://example.com/api/v1/media/7b1f-YXZhdGFycw.c2lnbmF0dXJl",
        renditions={
            "thumb": {
                "url": "https://example.com/api/v1/media/7b1f-YXZhdGFycw.c2lnbmF0dXJl",
                "width": 160,
                "height": 120,
            }
        },
        created_at="2026-01-31T09:30:00Z",
        updated_at="2026-01-31T09:30:00Z",
    )

    id: int
    title: str
    description: str
    alt_text: str
    format: str
    width: int = Field(description="Pixels, as displayed.")
    height: int = Field(description="Pixels, as displayed.")
    size: int = Field(description="Bytes of the original.")
    status: Literal["processing", "ready", "failed"]
    placeholder: str = Field(description="Its colour, `#rrggbb`.")
    organization: str
    creator: str | None
    url: FileLink = Field(description="The original, as uploaded.")
    renditions: dict[str, OrgkitRendition] = Field(description="`thumb`, `sm`, `md`, `lg`; empty until ready.")
    created_at: Moment
    updated_at: Moment


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


class OrgkitImageUpload(OrgkitInput):
    """A picture and what is said about it."""

    file: Picture
    title: Title = ""
    description: Text = ""
    alt_text: AltText = ""


class OrgkitBulkUpload(OrgkitInput):
    """Several pictures."""

    files: Annotated[list[Picture], Field(min_length=1, description="1–50 files.", json_schema_extra=_MOST_FILES)]


class OrgkitImageChange(OrgkitInput):
    """What to change of an image."""

    model_config = example(title="Evening", alt_text="The sun sets behind hills")

    title: Title = ""
    description: Text = ""
    alt_text: AltText = ""


class OrgkitImagesToDelete(OrgkitInput):
    """Ids of images."""

    model_config = example(ids=[42, 43])

    ids: Ids


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


class OrgkitUploadError(BaseModel):
    """What is wrong with a file."""

    model_config = example(
        code="unsupported_image",
        detail="This file is not a JPEG, PNG, WebP, AVIF or GIF picture. Upload one of these formats.",
    )

    code: str
    detail: str


class OrgkitUploadResult(BaseModel):
    """What became of one file."""

    file: str = Field(description="The name that the client gave it.", examples=["evening.jpg"])
    status: Literal["created", "duplicate", "error"]
    image: OrgkitImage | None
    error: OrgkitUploadError | None


class OrgkitUploadResults(BaseModel):
    """What became of each file, in their order."""

    results: list[OrgkitUploadResult]


class OrgkitDeletedImages(BaseModel):
    """What became of each id."""

    model_config = example(deleted=[42], not_found=[43])

    deleted: list[int]
    not_found: list[int]


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


_PLAIN = (
    "id", "title", "description", "alt_text", "format", "width", "height", "size", "status", "placeholder",
    "created_at", "updated_at",
)  # fmt: skip


def represent_image(row: Mapping[str, Any], *, prefix: str = "") -> dict[str, Any]:
    """Return an image as clients see it, given its row (whose columns begin with ``prefix``)."""
    ready = row[f"{prefix}status"] == "ready"
    made = row[f"{prefix}renditions"].items() if ready else ()
    return {
        **{name: row[f"{prefix}{name}"] for name in _PLAIN},
        "organization": row[f"{prefix}organization__slug"],
        "creator": row[f"{prefix}creator__slug"],
        "url": row[f"{prefix}file"],
        "renditions": {
            name: {"url": file["name"], "width": file["width"], "height": file["height"]} for name, file in made
        },
    }


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


def represent_result(result: Uploaded) -> dict[str, Any]:
    """Return what became of one file."""
    error = result.error
    return {
        "file": result.name,
        "status": "error" if error else "created" if result.is_new else "duplicate",
        "image": None if error else represent_image(result.row),
        "error": error and {"code": error.code(), "detail": error.detail},
    }
