"""``/orgs/``: the caller's organizations."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpResponse
from ninja import Query

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.errors import field_error
from ninja_orgkit.organizations import schemas
from ninja_orgkit.organizations.selectors import get_membership, organizations_of
from ninja_orgkit.organizations.services import organizations
from ninja_orgkit.protocol.addresses import url_of
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.payload import Json
from ninja_orgkit.protocol.replies import empty, reply
from ninja_orgkit.protocol.signatures import OrgkitRouter, OrgSlug

router = OrgkitRouter(tags=["organizations"])

_ORDERINGS = Orderings(
    {"name": "name_key", "created_at": "organization__created_at"}, default="name", tie="organization__slug"
)
Confirmation = Annotated[str, Query(description="The slug of the organization, so that none is deleted by accident.")]


@router.get("/", auth=bearer, response=OrgkitPage[schemas.OrgkitOrganization])
def list_organizations(request: AuthedRequest, page: PageQuery) -> HttpResponse:
    """List the caller's organizations, by `name` or `created_at`."""
    return paginate(
        request,
        organizations_of(request.auth),
        page,
        orderings=_ORDERINGS,
        schema=schemas.OrgkitOrganization,
        present=schemas.present_organization,
    )


@router.post("/", auth=bearer, response={201: schemas.OrgkitOrganization})
def create_organization(request: AuthedRequest, body: Json[schemas.OrgkitNewOrganization]) -> HttpResponse:
    """Create an organization; the caller becomes its owner."""
    membership = organizations.create_organization(request.auth.account, **body.model_dump())
    headers = {"Location": url_of(request, "orgs", membership.organization.slug)}
    return reply(schemas.OrgkitOrganization, schemas.present_organization(membership), status=201, headers=headers)


@router.get("/{org_slug}/", auth=bearer, response=schemas.OrgkitOrganization)
def get_organization(request: AuthedRequest, org_slug: OrgSlug) -> HttpResponse:
    """Return an organization that the caller is in."""
    membership = get_membership(request.auth, org_slug, needs="org.read")
    return reply(schemas.OrgkitOrganization, schemas.present_organization(membership))


@router.patch("/{org_slug}/", auth=bearer, response=schemas.OrgkitOrganization)
def update_organization(
    request: AuthedRequest, org_slug: OrgSlug, body: Json[schemas.OrgkitOrganizationChange]
) -> HttpResponse:
    """Change the given fields of an organization. Its slug never changes."""
    membership = get_membership(request.auth, org_slug, needs="org.update")
    changes = body.model_dump(exclude_unset=True)
    membership.organization = organizations.update_organization(membership.organization, changes)
    return reply(schemas.OrgkitOrganization, schemas.present_organization(membership))


@router.delete("/{org_slug}/", auth=bearer, response={204: None})
def delete_organization(request: AuthedRequest, org_slug: OrgSlug, confirm: Confirmation = "") -> HttpResponse:
    """Delete an organization of a group: gone at once, its rows and files in the background."""
    membership = get_membership(request.auth, org_slug, needs="org.delete")
    if confirm != org_slug:
        raise field_error(["query", "confirm"], "Repeat the slug of the organization", "confirmation")
    organizations.delete_organization(membership.organization)
    return empty()
