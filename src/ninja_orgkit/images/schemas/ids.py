"""Ids of images, in paths and in bodies."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext
from ninja.params.functions import Path as PathParam
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ninja_orgkit.conf import settings
from ninja_orgkit.protocol.fields import Id
from ninja_orgkit.protocol.parameters import NUMBER


def _bounded(ids: list[int]) -> list[int]:
    if len(ids) > settings.BULK_MAX_ITEMS:
        raise PydanticCustomError("too_long", gettext("At most {n} ids are allowed"), {"n": settings.BULK_MAX_ITEMS})
    return list(dict.fromkeys(ids))


ImageId = Annotated[int, NUMBER, PathParam(description="Id of the image.")]

# A setting: OpenAPI shows its value at start.
_MAX_IDS: dict[str, Any] = {"maxItems": settings.BULK_MAX_ITEMS}
Ids = Annotated[
    list[Id], Field(min_length=1, description="1–1,000 ids.", json_schema_extra=_MAX_IDS), AfterValidator(_bounded)
]
"""Ids of images in a body, without repetitions."""
