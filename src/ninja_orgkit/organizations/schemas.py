"""Bodies of organizations, members and invitations."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from pydantic_core import PydanticCustomError

from ninja_orgkit.conf import settings
from ninja_orgkit.organizations.models import Invitation, Membership
from ninja_orgkit.organizations.roles import permissions_of
from ninja_orgkit.protocol.addresses import FileUrl
from ninja_orgkit.protocol.custom import custom_field, custom_shown
from ninja_orgkit.protocol.fields import Email, Line, Line32, Moment, OrgkitInput, Token

_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"


def _not_reserved(value: str) -> str:
    if value in settings.RESERVED_SLUGS:
        raise PydanticCustomError("reserved", "This slug is reserved")
    return value


NewSlug = Annotated[str, StringConstraints(min_length=2, max_length=50, pattern=_SLUG), AfterValidator(_not_reserved)]
Name = Annotated[str, Line(255, shortest=1)]
OrganizationFields: Any = custom_field("organization")
OrganizationFieldsShown: Any = custom_shown("organization")


class OrgkitOrganization(BaseModel):
    """An organization, as one of its members sees it."""

    slug: str
    name: str
    type: Literal["personal", "group"]
    role: str = Field(description="The caller's role.")
    permissions: list[str] = Field(description="What the caller may do.")
    custom: OrganizationFieldsShown
    created_at: Moment
    updated_at: Moment


class OrgkitNewOrganization(OrgkitInput):
    """An organization to create."""

    name: Name
    slug: NewSlug = Field("", description="Lower-case letters, digits and hyphens; made of the name when absent.")
    custom: OrganizationFields = {}


class OrgkitOrganizationChange(OrgkitInput):
    """The fields of an organization to change."""

    name: Name = ""
    custom: OrganizationFields = {}


class OrgkitMember(BaseModel):
    """A member of an organization."""

    slug: str
    username: str
    display_name: str
    avatar_url: str | None
    email: str | None = Field(description="Null for who may not manage members.")
    role: str
    joined_at: Moment


class OrgkitMemberChange(OrgkitInput):
    """The role that a member is to have."""

    role: Line32


class OrgkitInvitation(BaseModel):
    """That somebody was asked to join. Its secret is only in the mail."""

    id: UUID
    email: str
    role: str
    status: Literal["pending", "accepted", "declined", "cancelled", "expired"]
    invited_by: str | None = Field(description="Slug of the user who sent it; null when the account is gone.")
    created_at: Moment
    expires_at: Moment


class OrgkitNewInvitation(OrgkitInput):
    """Whom to ask, and in which role."""

    email: Email
    role: Line32


class OrgkitInvitationAnswer(OrgkitInput):
    """The token of an invitation's link."""

    token: Token


def present_organization(membership: Membership) -> dict[str, Any]:
    """Return the organization of a membership as that member sees it."""
    organization = membership.organization
    return {
        "slug": organization.slug,
        "name": organization.name,
        "type": organization.type,
        "role": membership.role,
        "permissions": sorted(permissions_of(membership.role)),
        "custom": organization.custom,
        "created_at": organization.created_at,
        "updated_at": organization.updated_at,
    }


def present_member(member: Membership, urls: FileUrl, *, with_email: bool) -> dict[str, Any]:
    """Return a member (with its account) as other members see it."""
    account = member.account
    return {
        "slug": account.slug,
        "username": account.username,
        "display_name": account.shown_name,
        "avatar_url": urls(account.avatar) if account.avatar else None,
        "email": account.email if with_email else None,
        "role": member.role,
        "joined_at": member.joined_at,
    }


def present_invitation(invitation: Invitation) -> dict[str, Any]:
    """Return an invitation as who may invite sees it."""
    return {
        "id": invitation.pk,
        "email": invitation.email,
        "role": invitation.role,
        "status": invitation.shown_status,
        "invited_by": invitation.invited_by.slug if invitation.invited_by else None,
        "created_at": invitation.created_at,
        "expires_at": invitation.expires_at,
    }
