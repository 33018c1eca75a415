"""``/media/{token}``: every file of the kit, behind a signed link."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ninja_orgkit.errors import RangeNotSatisfiable
from ninja_orgkit.media.errors import StorageUnavailable
from ninja_orgkit.media.links import respond
from ninja_orgkit.protocol.openapi import file_answers
from ninja_orgkit.protocol.signatures import OrgkitRouter, Slug

router = OrgkitRouter(tags=["media"])


@router.get(
    "/{token}",
    url_name="media",
    errors=[RangeNotSatisfiable, StorageUnavailable],
    openapi_extra=file_answers("image/*", "application/octet-stream"),
)
def get_media(request: HttpRequest, token: Slug) -> HttpResponseBase:
    """Send a file by the signed link that another answer holds."""
    return respond(request, token)


@router.api_operation(["HEAD"], "/{token}", include_in_schema=False)
def head_media(request: HttpRequest, token: Slug) -> HttpResponseBase:
    """Say what a file is without sending it."""
    return respond(request, token)
