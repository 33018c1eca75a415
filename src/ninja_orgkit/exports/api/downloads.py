"""``/exports/download``: the archive behind an admin's link."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query
from ninja.decorators import decorate_view

from ninja_orgkit.errors import NotFound, RangeNotSatisfiable
from ninja_orgkit.exports import selectors
from ninja_orgkit.exports.errors import ExportExpired
from ninja_orgkit.exports.links import DOWNLOAD, read_token
from ninja_orgkit.files.serving import serve
from ninja_orgkit.media.errors import StorageUnavailable
from ninja_orgkit.protocol.openapi.operations import file_answers
from ninja_orgkit.protocol.responses import kept_private
from ninja_orgkit.protocol.routing import OrgkitRouter

router = OrgkitRouter(tags=["exports"])

LinkToken = Annotated[str, Query(description="From `download_url` of the export, or from the mail.")]


@router.get(
    "/download",
    url_name=DOWNLOAD,
    errors=[NotFound, ExportExpired, RangeNotSatisfiable, StorageUnavailable],
    any_query=True,
    openapi_extra=file_answers("application/zip"),
)
@decorate_view(kept_private)
def download_export(request: HttpRequest, token: LinkToken) -> HttpResponseBase:
    """Send the archive of an export, or one range of it.

    The link belongs to one admin, or to one API key. It works until the export expires, while they may export.
    """
    job = selectors.downloadable(*read_token(token))
    name = f"{job.organization.slug}-{job.created_at:%Y-%m-%d}.zip"
    return serve(request, job.file, download_as=name)
