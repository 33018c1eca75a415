"""``/orgs/{org_slug}/members/``: the members of an organization and their roles."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from ninja import Query

from ninja_orgkit.database.searching import search_terms
from ninja_orgkit.organizations.errors import LastOwner, PersonalOrganization, TooManyOrganizations
from ninja_orgkit.organizations.roles import MANAGE
from ninja_orgkit.organizations.routing import ANY_ROLE, MemberRequest, OrganizationRouter, organization_bearer
from ninja_orgkit.organizations.schemas.members import (
    OrgkitMember,
    OrgkitMemberChange,
    OrgkitMemberFilters,
    represent_member,
)
from ninja_orgkit.organizations.selectors.members import account_to_manage, member_of, members_to_list
from ninja_orgkit.organizations.services import members
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.conditional import unchanged
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.parameters import Slug

router = OrganizationRouter(tags=["members"], auth=organization_bearer)

_ORDERINGS = Orderings(
    {
        "joined_at": "joined_at",
        "display_name": "account__display_sort",
        "username": "account__username_sort",
        "role": "rank",
    },
    default="joined_at",
    tie="account__slug",
)


@router.get("/", response=OrgkitPage[OrgkitMember], needs="members.read")
def list_members(request: MemberRequest, page: PageQuery, filters: Query[OrgkitMemberFilters]) -> dict[str, Any]:
    """List the members of an organization, by `joined_at`, `display_name`, `username` or `role` (owners first)."""
    rows = members_to_list(request.member, terms=search_terms(filters.search), role=filters.role)
    represent = partial(represent_member, seen_by=request.member)
    return paginate(request, rows, page, orderings=_ORDERINGS, represent=represent)


@router.get("/{user_slug}/", response=OrgkitMember, needs="members.read", tagged=True)
def get_member(request: MemberRequest, user_slug: Slug) -> dict[str, Any]:
    """Return a member of an organization."""
    return represent_member(member_of(request.organization, user_slug), seen_by=request.member)


@router.patch(
    "/{user_slug}/",
    response=OrgkitMember,
    needs=MANAGE,
    errors=[LastOwner, TooManyOrganizations],
    tagged=True,
)
def change_member(request: MemberRequest, user_slug: Slug, body: Json[OrgkitMemberChange]) -> dict[str, Any]:
    """Change the role of a member. You can grant and change only roles whose permissions you hold."""
    account = account_to_manage(request.member, user_slug)
    with _unchanged(request, user_slug):
        member = members.change_role(request.organization, account, role=body.role, by=request.auth.account)
    return represent_member(member, seen_by=request.member)


@router.delete(
    "/{user_slug}/",
    response={204: None},
    needs=ANY_ROLE,
    errors=[LastOwner, PersonalOrganization],
    tagged=OrgkitMember,
)
def remove_member(request: MemberRequest, user_slug: Slug) -> None:
    """Remove a member, or leave the organization yourself."""
    account = account_to_manage(request.member, user_slug)
    with _unchanged(request, user_slug):
        members.remove_member(request.organization, account, by=request.auth.account)


def _unchanged(request: MemberRequest, user_slug: str) -> AbstractContextManager[None]:
    # Members join, leave and change role under the lock of the organization, so that is the row to lock.
    def read() -> dict[str, Any]:
        return represent_member(member_of(request.organization, user_slug), seen_by=request.member)

    return unchanged(request, request.organization, read)
