"""``/orgs/``: the caller's organizations."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from django.http import HttpResponse
from ninja import Query

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.errors import field_error
from ninja_orgkit.organizations import schemas
from ninja_orgkit.organizations.errors import PersonalOrganization, SlugTaken
from ninja_orgkit.organizations.selectors import get_membership, organizations_of
from ninja_orgkit.organizations.services import organizations
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.conditional import Show, check_of, reply_tagged
from ninja_orgkit.protocol.idempotency import once
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import OrgSlug
from ninja_orgkit.protocol.responses import empty
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.urls import url_below

router = OrgkitRouter(tags=["organizations"])

_ORDERINGS = Orderings(
    {"name": "organization__sort_key", "created_at": "organization__created_at"},
    default="name",
    tie="organization__slug",
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


@router.post(
    "/",
    auth=bearer,
    response={201: schemas.OrgkitOrganization},
    errors=[SlugTaken],
    tagged=True,
    idempotent=True,
    located=True,
)
def create_organization(request: AuthedRequest, body: Json[schemas.OrgkitNewOrganization]) -> HttpResponse:
    """Create an organization; the caller becomes its owner."""

    def act() -> HttpResponse:
        membership = organizations.create_organization(request.auth.account, **body.model_dump())
        headers = {"Location": url_below(request, membership.organization.slug)}
        return reply_tagged(
            request, schemas.OrgkitOrganization, schemas.show_organization(membership), status=201, headers=headers
        )

    return once(request, body, act)


@router.get("/{org_slug}/", auth=bearer, response=schemas.OrgkitOrganization, tagged=True)
def get_organization(request: AuthedRequest, org_slug: OrgSlug) -> HttpResponse:
    """Return an organization that the caller is in."""
    membership = get_membership(request.auth, org_slug, needs="org.read")
    return reply_tagged(request, schemas.OrgkitOrganization, schemas.show_organization(membership))


@router.patch("/{org_slug}/", auth=bearer, response=schemas.OrgkitOrganization, tagged=True)
def update_organization(
    request: AuthedRequest, org_slug: OrgSlug, body: Json[schemas.OrgkitOrganizationChange]
) -> HttpResponse:
    """Change the given fields of an organization. Its slug never changes."""
    membership = get_membership(request.auth, org_slug, needs="org.update")
    changes = body.model_dump(exclude_unset=True)
    check = check_of(request, schemas.OrgkitOrganization, partial(_read, request, org_slug))
    membership.organization = organizations.update_organization(membership.organization, changes, check=check)
    return reply_tagged(request, schemas.OrgkitOrganization, schemas.show_organization(membership))


@router.delete("/{org_slug}/", auth=bearer, response={204: None}, errors=[PersonalOrganization], tagged=True)
def delete_organization(request: AuthedRequest, org_slug: OrgSlug, confirm: Confirmation = "") -> HttpResponse:
    """Delete an organization of a group: gone at once, its rows and files in the background."""
    membership = get_membership(request.auth, org_slug, needs="org.delete")
    if confirm != org_slug:
        raise field_error(["query", "confirm"], "Repeat the slug of the organization", "confirmation")
    check = check_of(request, schemas.OrgkitOrganization, partial(_read, request, org_slug))
    organizations.delete_organization(membership.organization, check=check)
    return empty()


def _read(request: AuthedRequest, org_slug: str) -> Show:
    return schemas.show_organization(get_membership(request.auth, org_slug, needs="org.read"))
