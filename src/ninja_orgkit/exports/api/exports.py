"""``/orgs/{org_slug}/export/``: everything an organization has, as one archive."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ninja_orgkit.exports import selectors, services
from ninja_orgkit.exports.errors import ExportActive
from ninja_orgkit.exports.links import DOWNLOAD, DOWNLOAD_PATH, download_link
from ninja_orgkit.exports.schemas import OrgkitExport, represent_export
from ninja_orgkit.organizations.routing import MemberRequest, OrganizationRouter, organization_bearer
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import UuidPart
from ninja_orgkit.protocol.throttling import throttle
from ninja_orgkit.protocol.urls import route_url

router = OrganizationRouter(tags=["exports"], auth=organization_bearer)

_ORDERINGS = Orderings({"created_at": "created_at"}, default="-created_at", tie="id")


@router.post(
    "/",
    response={202: OrgkitExport},
    needs=selectors.PERMISSION,
    errors=[ExportActive],
    idempotent=True,
    located="id",
)
def request_export(request: MemberRequest) -> dict[str, Any]:
    """Export everything that the organization has into an archive, in the background.

    While an export is active, the answer is that one. We mail the requester when it is ready.
    """
    # Only a new export counts.
    admit = partial(throttle, "export.organization", request.organization.slug)
    job = services.request_export(request.organization, by=request.auth.account, admit=admit)
    return _represent(request)(selectors.get_export(request.organization, str(job.pk)))


@router.get("/", response=OrgkitPage[OrgkitExport], needs=selectors.PERMISSION)
def list_exports(request: MemberRequest, page: PageQuery) -> dict[str, Any]:
    """List the exports of the organization, newest first."""
    rows = selectors.exports_of(request.organization)
    return paginate(request, rows, page, orderings=_ORDERINGS, represent=_represent(request))


@router.get("/{job_id}/", response=OrgkitExport, needs=selectors.PERMISSION)
def get_export(request: MemberRequest, job_id: UuidPart) -> dict[str, Any]:
    """Return the progress of an export, and the link to its archive once it is ready."""
    return _represent(request)(selectors.get_export(request.organization, job_id))


@router.delete("/{job_id}/", response={204: None}, needs=selectors.PERMISSION)
def delete_export(request: MemberRequest, job_id: UuidPart) -> None:
    """Cancel an active export, which stays listed, or discard a finished one with its archive."""
    services.delete_export(request.organization, job_id)


def _represent(request: MemberRequest) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what represents an export, with the caller's own link."""
    key = str(request.auth.key.pk) if request.auth.key is not None else None
    to_archive = partial(download_link, route_url(request, DOWNLOAD, DOWNLOAD_PATH), account=request.auth.slug, key=key)
    return partial(represent_export, link=lambda job: to_archive(job=job))
