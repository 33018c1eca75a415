"""``/orgs/``: the caller's organizations."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from typing import Annotated, Any

from ninja import Query

from ninja_orgkit.accounts.bearer import AuthedRequest
from ninja_orgkit.database.pages import ListedRows
from ninja_orgkit.errors import field_error
from ninja_orgkit.organizations.errors import (
    OrganizationCreationRefused,
    PersonalOrganization,
    SlugTaken,
    TooManyOrganizations,
    TransferRefused,
)
from ninja_orgkit.organizations.routing import ANY_ROLE, MemberRequest, OrganizationRouter, organization_bearer
from ninja_orgkit.organizations.schemas.members import (
    OrgkitOwnMembership,
    OrgkitRole,
    OrgkitTransfer,
    represent_own_membership,
    represent_roles,
)
from ninja_orgkit.organizations.schemas.organizations import OrgkitOrganization, represent_organization
from ninja_orgkit.organizations.selectors.members import member_of, membership_of_creator
from ninja_orgkit.organizations.selectors.memberships import read_membership
from ninja_orgkit.organizations.selectors.organizations import organizations_of
from ninja_orgkit.organizations.services import members, organizations
from ninja_orgkit.organizations.services.limits import require_creator
from ninja_orgkit.organizations.values import OrgkitOrganizationChange, OrgkitOrganizationCreate
from ninja_orgkit.protocol.bodies import Json
from ninja_orgkit.protocol.conditional import unchanged
from ninja_orgkit.protocol.pagination import Orderings, OrgkitPage, PageQuery, paginate

router = OrganizationRouter(tags=["organizations"], auth=organization_bearer)

_ORDERINGS = Orderings(
    {"name": "organization__sort_key", "created_at": "organization__created_at"},
    default="name",
    tie="organization__slug",
)
_ROLE_ORDERINGS = Orderings({"role": "rank"}, default="role", tie="role")
Confirmation = Annotated[str, Query(description="The slug of the organization, as a safeguard against accidents.")]


@router.get("/", response=OrgkitPage[OrgkitOrganization])
def list_organizations(request: AuthedRequest, page: PageQuery) -> dict[str, Any]:
    """List the caller's organizations, by `name` or `created_at`."""
    rows = organizations_of(request.auth)
    return paginate(request, rows, page, orderings=_ORDERINGS, represent=represent_organization)


def _policy(request: AuthedRequest) -> None:
    require_creator(request.auth.account)


@router.post(
    "/",
    response={201: OrgkitOrganization},
    errors=[OrganizationCreationRefused, SlugTaken, TooManyOrganizations],
    people_only=True,
    policy=_policy,
    idempotent=True,
    tagged=True,
    located="slug",
)
def create_organization(request: AuthedRequest, body: Json[OrgkitOrganizationCreate]) -> dict[str, Any]:
    """Create an organization; the caller becomes its owner."""
    owner = request.auth.account
    organization = organizations.create_organization(owner=owner, **body.model_dump())
    return represent_organization(membership_of_creator(organization, owner))


@router.get("/{org_slug}/", response=OrgkitOrganization, needs="org.read", tagged=True)
def get_organization(request: MemberRequest) -> dict[str, Any]:
    """Return an organization that the caller belongs to."""
    return represent_organization(request.member)


@router.patch("/{org_slug}/", response=OrgkitOrganization, needs="org.update", tagged=True)
def update_organization(request: MemberRequest, body: Json[OrgkitOrganizationChange]) -> dict[str, Any]:
    """Change the given fields of an organization. Its slug never changes."""
    with _unchanged(request):
        request.member.organization = organizations.update_organization(
            request.organization, **body.model_dump(exclude_unset=True)
        )
    return represent_organization(request.member)


@router.delete(
    "/{org_slug}/",
    response={204: None},
    needs="org.delete",
    errors=[PersonalOrganization],
    tagged=OrgkitOrganization,
)
def delete_organization(request: MemberRequest, confirm: Confirmation = "") -> None:
    """Delete a group's organization. It disappears at once; its data and files are deleted in the background."""
    if confirm != request.organization.slug:
        raise field_error(["query", "confirm"], "Repeat the slug of the organization", "confirmation")
    with _unchanged(request):
        organizations.delete_organization(request.organization)


@router.get("/{org_slug}/me/", response=OrgkitOwnMembership, needs=ANY_ROLE)
def get_my_membership(request: MemberRequest) -> dict[str, Any]:
    """Return the caller's role and permissions in an organization."""
    return represent_own_membership(request.member)


@router.get("/{org_slug}/roles/", response=OrgkitPage[OrgkitRole], needs="org.read")
def list_roles(request: MemberRequest, page: PageQuery) -> dict[str, Any]:
    """List the roles of this server, by `role`: owners first, then by the number of permissions."""
    rows = ListedRows(represent_roles(request.member))
    return paginate(request, rows, page, orderings=_ROLE_ORDERINGS, represent=dict)


@router.post(
    "/{org_slug}/transfer/",
    response=OrgkitOrganization,
    needs="owners.manage",
    errors=[PersonalOrganization, TransferRefused, TooManyOrganizations],
    tagged=True,
)
def transfer_organization(request: MemberRequest, body: Json[OrgkitTransfer]) -> dict[str, Any]:
    """Hand an organization over to another member, who becomes an owner in the caller's place."""
    organizations.require_group(request.organization)
    account = member_of(request.organization, body.member).account
    return represent_organization(members.transfer_ownership(request.organization, account, by=request.auth.account))


def _unchanged(request: MemberRequest) -> AbstractContextManager[None]:
    read = partial(read_membership, request.auth, request.organization.slug, needs="org.read")
    return unchanged(request, request.organization, lambda: represent_organization(read()))
