"""Ids of images, in paths and in bodies."""

from __future__ import annotations

from typing import Annotated, Any

from ninja.params.functions import Path as PathParam
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ninja_orgkit.conf import settings
from ninja_orgkit.database.keys import MAX_ID
from ninja_orgkit.errors import NotFound
from ninja_orgkit.protocol.fields import Id


def _bounded(ids: list[int]) -> list[int]:
    if len(ids) > settings.BULK_MAX_ITEMS:
        raise PydanticCustomError("too_long", "At most {n} ids are allowed", {"n": settings.BULK_MAX_ITEMS})
    return list(dict.fromkeys(ids))


def _possible(value: int) -> int:
    if value > MAX_ID:
        raise NotFound
    return value


ImageId = Annotated[int, AfterValidator(_possible), PathParam(description="Id of the image.")]
"""The id of an image in a path. A number too large for an id is not found."""

# A setting: OpenAPI shows its value at start.
_MAX_IDS: dict[str, Any] = {"maxItems": settings.BULK_MAX_ITEMS}
Ids = Annotated[
    list[Id], Field(min_length=1, description="1–1,000 ids.", json_schema_extra=_MAX_IDS), AfterValidator(_bounded)
]
"""Ids of images in a body, without repetitions."""
