"""``/orgs/{org_slug}/members/``: who belongs to an organization, and in which role."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.organizations import schemas
from ninja_orgkit.organizations.errors import LastOwner, PersonalOrganization
from ninja_orgkit.organizations.roles import permissions_of
from ninja_orgkit.organizations.selectors import get_membership, members_of
from ninja_orgkit.organizations.services import members
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import OrgSlug, Slug
from ninja_orgkit.protocol.responses import empty, reply
from ninja_orgkit.protocol.routing import OrgkitRouter
from ninja_orgkit.protocol.urls import file_urls

router = OrgkitRouter(tags=["members"])

_ORDERINGS = Orderings(
    {"joined_at": "joined_at", "username": "account__username"}, default="joined_at", tie="account__slug"
)


@router.get("/", auth=bearer, response=OrgkitPage[schemas.OrgkitMember])
def list_members(request: AuthedRequest, org_slug: OrgSlug, page: PageQuery) -> HttpResponse:
    """List the members of an organization, by `joined_at` or `username`."""
    membership = get_membership(request.auth, org_slug, needs="members.read")
    with_email = "members.manage" in permissions_of(membership.role)
    return paginate(
        request,
        members_of(membership.organization),
        page,
        orderings=_ORDERINGS,
        schema=schemas.OrgkitMember,
        present=partial(schemas.present_member, urls=file_urls(request), with_email=with_email),
    )


@router.patch("/{user_slug}/", auth=bearer, response=schemas.OrgkitMember, errors=[LastOwner])
def change_member(
    request: AuthedRequest, org_slug: OrgSlug, user_slug: Slug, body: Json[schemas.OrgkitMemberChange]
) -> HttpResponse:
    """Give a member another role. Nobody grants or touches a role that holds what they do not."""
    membership = get_membership(request.auth, org_slug, needs="members.manage")
    member = members.change_role(by=membership, account_slug=user_slug, role=body.role)
    return reply(schemas.OrgkitMember, schemas.present_member(member, file_urls(request), with_email=True))


@router.delete("/{user_slug}/", auth=bearer, response={204: None}, errors=[LastOwner, PersonalOrganization])
def remove_member(request: AuthedRequest, org_slug: OrgSlug, user_slug: Slug) -> HttpResponse:
    """Remove a member, or leave when it is oneself: whoever is in may go."""
    membership = get_membership(request.auth, org_slug, needs=None)
    members.remove_member(by=membership, account_slug=user_slug)
    return empty()
