"""``/orgs/{org_slug}/export/``: everything an organization has, as one archive."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.exports import selectors, services
from ninja_orgkit.exports.errors import ExportActive
from ninja_orgkit.exports.links import download_link
from ninja_orgkit.exports.schemas import OrgkitExport, present
from ninja_orgkit.organizations.selectors import get_membership
from ninja_orgkit.protocol.idempotency import once
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import OrgSlug, UuidPart
from ninja_orgkit.protocol.responses import empty, reply
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.throttling import spend
from ninja_orgkit.protocol.urls import mount_point, url_below

router = OrgkitRouter(tags=["exports"], auth=bearer)

_ORDERINGS = Orderings({"created_at": "created_at"}, default="-created_at", tie="id")


@router.post("/", response={202: OrgkitExport}, errors=[ExportActive], idempotent=True, located=True)
def request_export(request: AuthedRequest, org_slug: OrgSlug) -> HttpResponse:
    """Have everything the organization has put into an archive, in the background.

    While an export is active, the answer is that one. A mail tells its requester when it is ready.
    """
    member = get_membership(request.auth, org_slug, needs=selectors.PERMISSION)
    admit = partial(spend, "export.organization", org_slug)

    def act() -> HttpResponse:
        job = services.request_export(member.organization, account=request.auth.account, admit=admit)
        row = selectors.get_export(member.organization, str(job.pk))
        location = url_below(request, str(job.pk))
        return reply(OrgkitExport, _presenter(request)(row), status=202, headers={"Location": location})

    return once(request, None, act)


@router.get("/", response=OrgkitPage[OrgkitExport])
def list_exports(request: AuthedRequest, org_slug: OrgSlug, page: PageQuery) -> HttpResponse:
    """List the organization's exports, the latest first."""
    member = get_membership(request.auth, org_slug, needs=selectors.PERMISSION)
    rows = selectors.exports_of(member.organization)
    return paginate(request, rows, page, orderings=_ORDERINGS, schema=OrgkitExport, present=_presenter(request))


@router.get("/{job_id}/", response=OrgkitExport)
def get_export(request: AuthedRequest, org_slug: OrgSlug, job_id: UuidPart) -> HttpResponse:
    """Tell how far an export is, and where its archive can be had."""
    member = get_membership(request.auth, org_slug, needs=selectors.PERMISSION)
    row = selectors.get_export(member.organization, job_id)
    return reply(OrgkitExport, _presenter(request)(row))


@router.delete("/{job_id}/", response={204: None})
def delete_export(request: AuthedRequest, org_slug: OrgSlug, job_id: UuidPart) -> HttpResponse:
    """Cancel an active export, which stays listed, or discard any other one with its archive."""
    member = get_membership(request.auth, org_slug, needs=selectors.PERMISSION)
    services.delete_export(member.organization, job_id)
    return empty()


def _presenter(request: AuthedRequest) -> Any:
    base, account = mount_point(request), request.auth.slug
    return partial(present, link=lambda job: download_link(base, job=job, account=account))
