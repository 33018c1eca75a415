"""``/media/{token}``: every file of the kit, behind a signed link."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja.params.functions import Path as PathParam

from ninja_orgkit.errors import RangeNotSatisfiable
from ninja_orgkit.files.serving import respond
from ninja_orgkit.media.errors import StorageUnavailable
from ninja_orgkit.protocol.openapi import file_answers
from ninja_orgkit.protocol.routing import OrgkitRouter

router = OrgkitRouter(tags=["media"])

MediaToken = Annotated[str, PathParam(description="As other answers hold it.")]
"""What a link is signed with; longer than a slug, and checked by who reads it."""


@router.get(
    "/{token}",
    url_name="media",
    errors=[RangeNotSatisfiable, StorageUnavailable],
    openapi_extra=file_answers("image/*", "application/octet-stream"),
)
def get_media(request: HttpRequest, token: MediaToken) -> HttpResponseBase:
    """Send a file by the signed link that another answer holds."""
    return respond(request, token)


@router.api_operation(["HEAD"], "/{token}", include_in_schema=False)
def head_media(request: HttpRequest, token: MediaToken) -> HttpResponseBase:
    """Say what a file is without sending it."""
    return respond(request, token)
