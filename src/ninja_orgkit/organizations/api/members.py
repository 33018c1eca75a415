"""``/orgs/{org_slug}/members/``: the members of an organization and their roles."""

from __future__ import annotations

from functools import partial
from typing import Any

from ninja_orgkit.organizations import selectors
from ninja_orgkit.organizations.errors import LastOwner, PersonalOrganization, TooManyOrganizations
from ninja_orgkit.organizations.routing import ANY_ROLE, MemberRequest, OrganizationRouter, organization_bearer
from ninja_orgkit.organizations.schemas import OrgkitMember, OrgkitMemberChange, represent_member
from ninja_orgkit.organizations.services import members
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import Slug

router = OrganizationRouter(tags=["members"], auth=organization_bearer)

_ORDERINGS = Orderings({"joined_at": "joined_at", "username": "sort_key"}, default="joined_at", tie="account__slug")


@router.get("/", response=OrgkitPage[OrgkitMember], needs="members.read")
def list_members(request: MemberRequest, page: PageQuery) -> dict[str, Any]:
    """List the members of an organization, by `joined_at` or `username`."""
    rows = selectors.members_of(request.organization)
    represent = partial(represent_member, with_email="members.manage" in request.member.permissions)
    return paginate(request, rows, page, orderings=_ORDERINGS, represent=represent)


@router.patch("/{user_slug}/", response=OrgkitMember, needs="members.manage", errors=[LastOwner, TooManyOrganizations])
def change_member(request: MemberRequest, user_slug: Slug, body: Json[OrgkitMemberChange]) -> dict[str, Any]:
    """Change the role of a member. You can grant and change only roles whose permissions you hold."""
    account = selectors.account_to_manage(request.member, user_slug)
    member = members.change_role(request.organization, account, role=body.role, by=request.auth.account)
    return represent_member(member, with_email=True)


@router.delete("/{user_slug}/", response={204: None}, needs=ANY_ROLE, errors=[LastOwner, PersonalOrganization])
def remove_member(request: MemberRequest, user_slug: Slug) -> None:
    """Remove a member, or leave the organization yourself."""
    account = selectors.account_to_manage(request.member, user_slug)
    members.remove_member(request.organization, account, by=request.auth.account)
