"""What goes in and out of the routes of an organization's images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from ninja_orgkit.conf import settings
from ninja_orgkit.images.schemas.ids import Ids
from ninja_orgkit.images.services.uploads import Uploaded
from ninja_orgkit.images.values import AltText, Title
from ninja_orgkit.media.links import named_file
from ninja_orgkit.protocol.fields import Flag, Moment, OrgkitInput, Text, example
from ninja_orgkit.protocol.multipart import Picture
from ninja_orgkit.protocol.parameters import OrgkitTagQuery, Search
from ninja_orgkit.protocol.urls import FileLink

# A setting: OpenAPI shows its value at start.
_MAX_FILES: dict[str, Any] = {"maxItems": settings.BULK_UPLOAD_MAX_FILES}


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
        filename="IMG_2041.jpg",
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
    filename: str = Field(description="The name of the uploaded file, without folders; may be empty.")
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


class OrgkitImageUpload(OrgkitInput):
    """A picture and what is said about it."""

    file: Picture
    title: Title = ""
    description: Text = ""
    alt_text: AltText = ""


class OrgkitBulkUpload(OrgkitInput):
    """Several pictures."""

    files: Annotated[list[Picture], Field(min_length=1, description="1–50 files.", json_schema_extra=_MAX_FILES)]


class OrgkitImageFilters(OrgkitTagQuery):
    """Filters of the list of images."""

    search: Search = Field(
        "", description="Up to 10 terms. Each must occur in the title, description, alternative text or file name."
    )
    unattached: Flag = Field(False, description="Whether to list only images that are attached to nothing.")


class OrgkitImagesToDelete(OrgkitInput):
    """Ids of images."""

    model_config = example(ids=[42, 43])

    ids: Ids


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


_PLAIN = (
    "id", "filename", "title", "description", "alt_text", "format", "width", "height", "size", "status", "placeholder",
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
        "url": named_file(row[f"{prefix}file"], row[f"{prefix}filename"]),
        "renditions": {
            name: {"url": file["name"], "width": file["width"], "height": file["height"]} for name, file in made
        },
    }


def represent_result(result: Uploaded) -> dict[str, Any]:
    """Return what became of one file."""
    error = result.error
    return {
        "file": result.name,
        "status": "error" if error else "created" if result.is_new else "duplicate",
        "image": None if error else represent_image(result.row),
        "error": error and {"code": error.code, "detail": error.detail},
    }
