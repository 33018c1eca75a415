"""``/media/{token}``: every file of the kit, behind a signed link."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja.params.functions import Path as PathParam

from ninja_orgkit.errors import RangeNotSatisfiable
from ninja_orgkit.files.serving import respond
from ninja_orgkit.media.errors import StorageUnavailable
from ninja_orgkit.protocol.openapi.operations import file_answers
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.urls import MEDIA

router = OrgkitRouter(tags=["media"])

MediaToken = Annotated[str, PathParam(description="The signed token from another response.")]
"""A signed token: longer than a slug, and verified when it is read."""


@router.get(
    "/{token}",
    url_name=MEDIA,
    any_query=True,
    errors=[RangeNotSatisfiable, StorageUnavailable],
    openapi_extra=file_answers("image/*", "application/octet-stream"),
)
def get_media(request: HttpRequest, token: MediaToken) -> HttpResponseBase:
    """Send the file behind a signed link."""
    return respond(request, token)
