"""What goes in and out of the routes of organizations, members and invitations."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from ninja_orgkit.custom.fields import custom_shown
from ninja_orgkit.errors import OrgKitError
from ninja_orgkit.organizations.models import Invitation, Membership, Organization
from ninja_orgkit.organizations.roles import MANAGE, permissions_of, ranks
from ninja_orgkit.organizations.services.invitations import Invited
from ninja_orgkit.organizations.values import RoleName
from ninja_orgkit.protocol.fields import Line, Moment, OrgkitInput, Token, example
from ninja_orgkit.protocol.parameters import Search
from ninja_orgkit.protocol.urls import FileLink

OrganizationFieldsShown: Any = custom_shown("organization")
_PREVIEW: dict[str, Any] = {
    "organization": {"name": "Acme", "slug": "acme", "logo_url": None},
    "inviter": {"slug": "ada-5kq2m7xa", "display_name": "Ada Lovelace", "avatar_url": None},
    "email": "grace@example.com",
    "role": "member",
    "status": "pending",
    "expires_at": "2026-02-07T09:30:00Z",
    "has_account": True,
}


class OrgkitOrganization(BaseModel):
    """An organization, as one of its members sees it."""

    model_config = example(
        slug="acme",
        name="Acme",
        type="group",
        role="viewer",
        permissions=["contacts.read", "images.read", "members.read", "org.read", "tags.read"],
        logo_url=None,
        logo_large_url=None,
        custom={},
        created_at="2026-01-31T09:30:00Z",
        updated_at="2026-01-31T09:30:00Z",
    )

    slug: str
    name: str
    type: Literal["personal", "group"]
    role: str = Field(description="The caller's role.")
    permissions: list[str] = Field(description="The caller's permissions.")
    logo_url: FileLink | None
    logo_large_url: FileLink | None
    custom: OrganizationFieldsShown
    created_at: Moment
    updated_at: Moment


class OrgkitLogo(BaseModel):
    """The two sizes of a logo."""

    model_config = example(
        logo_url="https://example.com/api/v1/media/7b1f-YXZhdGFycw.c2lnbmF0dXJl",
        logo_large_url="https://example.com/api/v1/media/7b1f-YXZhdGFycw.c2lnbmF0dXJl",
    )

    logo_url: FileLink
    logo_large_url: FileLink


class OrgkitMember(BaseModel):
    """A member of an organization."""

    model_config = example(
        slug="ada-5kq2m7xa",
        username="ada",
        display_name="Ada Lovelace",
        avatar_url=None,
        email="ada@example.com",
        role="owner",
        joined_at="2026-01-31T09:30:00Z",
    )

    slug: str
    username: str
    display_name: str
    avatar_url: FileLink | None
    email: str | None = Field(description="Null unless the caller may manage members.")
    role: str
    joined_at: Moment


class OrgkitMemberFilters(BaseModel):
    """Filters of the list of members."""

    search: Search = Field(
        "", description="Up to 10 terms. Each must occur in a name, or in an address that the caller sees."
    )
    role: str | None = Field(None, max_length=32, description="Only members with this role.")


class OrgkitOwnMembership(BaseModel):
    """The caller's own membership in an organization."""

    model_config = example(
        role="viewer",
        permissions=["contacts.read", "images.read", "members.read", "org.read", "tags.read"],
        joined_at="2026-01-31T09:30:00Z",
    )

    role: str
    permissions: list[str] = Field(description="What the caller may do, sorted.")
    joined_at: Moment


class OrgkitRole(BaseModel):
    """A role, and whether the caller may give it to somebody."""

    model_config = example(
        role="viewer",
        permissions=["contacts.read", "images.read", "members.read", "org.read", "tags.read"],
        grantable=True,
    )

    role: str
    permissions: list[str] = Field(description="What the role allows, sorted.")
    grantable: bool = Field(description="Whether the caller may give this role to a member, or invite somebody to it.")


class OrgkitTransfer(OrgkitInput):
    """Who becomes the owner in the caller's place."""

    model_config = example(member="grace-8wd3n6xb")

    member: Annotated[str, Line(255)] = Field(description="Slug of a member.")


class OrgkitMemberChange(OrgkitInput):
    """The new role of a member."""

    model_config = example(role="admin")

    role: RoleName


class OrgkitInvitation(BaseModel):
    """An invitation to join. Its secret is only in the mail."""

    model_config = example(
        id="018f3a52-7b1c-7c3e-9d41-5f0c2ab4e6d8",
        email="grace@example.com",
        role="member",
        status="pending",
        invited_by="ada-5kq2m7xa",
        created_at="2026-01-31T09:30:00Z",
        expires_at="2026-02-07T09:30:00Z",
    )

    id: UUID
    email: str
    role: str
    status: Literal["pending", "accepted", "declined", "cancelled", "expired"]
    invited_by: str | None = Field(description="Slug of the user who sent it; null if that account was deleted.")
    created_at: Moment
    expires_at: Moment


class OrgkitInvitationChange(OrgkitInput):
    """The new role of an invitation."""

    model_config = example(role="admin")

    role: RoleName


class OrgkitInvitationError(BaseModel):
    """Why somebody could not be invited."""

    model_config = example(code="forbidden", detail="Your role does not allow this.")

    code: str
    detail: str


class OrgkitInvitationResult(BaseModel):
    """What became of one of several invitations."""

    model_config = example(email="grace@example.com", status="already_member", invitation=None, error=None)

    email: str
    status: Literal["created", "already_member", "already_invited", "error"]
    invitation: OrgkitInvitation | None = Field(description="The invitation, if it was created.")
    error: OrgkitInvitationError | None = Field(description="What is wrong, if the status is `error`.")


class OrgkitInvitationResults(BaseModel):
    """What became of several invitations, in their order."""

    results: list[OrgkitInvitationResult]


class OrgkitInvitingOrganization(BaseModel):
    """An organization, as the people whom it invites see it."""

    model_config = example(name="Acme", slug="acme", logo_url=None)

    name: str
    slug: str
    logo_url: FileLink | None


class OrgkitInviter(BaseModel):
    """Who invites somebody, as the invited person sees them."""

    model_config = example(slug="ada-5kq2m7xa", display_name="Ada Lovelace", avatar_url=None)

    slug: str
    display_name: str
    avatar_url: FileLink | None


class OrgkitInvitationPreview(BaseModel):
    """An invitation, as the invited person sees it."""

    model_config = example(**_PREVIEW)

    organization: OrgkitInvitingOrganization
    inviter: OrgkitInviter | None = Field(description="Null if that account was deleted.")
    email: str
    role: str
    status: Literal["pending", "accepted", "declined", "cancelled", "expired"]
    expires_at: Moment
    has_account: bool = Field(description="Whether an account has the invited address.")


class OrgkitReceivedInvitation(OrgkitInvitationPreview):
    """A pending invitation to the caller's verified address."""

    model_config = example(**_PREVIEW, id="018f3a52-7b1c-7c3e-9d41-5f0c2ab4e6d8", created_at="2026-01-31T09:30:00Z")

    id: UUID
    created_at: Moment


class OrgkitInvitationAnswer(OrgkitInput):
    """The token of an invitation's link."""

    model_config = example(token="WyJhZGEtNWtxMm03eGEiLCIuLi4iXQ.c2lnbmF0dXJl")

    token: Token


def represent_organization(membership: Membership) -> dict[str, Any]:
    """Return the organization of a membership as that member sees it."""
    organization = membership.organization
    return {
        "slug": organization.slug,
        "name": organization.name,
        "type": organization.type,
        "role": membership.role,
        "permissions": sorted(membership.permissions),
        **represent_logo(organization),
        "custom": organization.custom,
        "created_at": organization.created_at,
        "updated_at": organization.updated_at,
    }


def represent_logo(organization: Organization) -> dict[str, Any]:
    """Return the logo of an organization as clients see it."""
    return {"logo_url": organization.avatar or None, "logo_large_url": organization.avatar_large or None}


def represent_member(member: Membership, *, seen_by: Membership) -> dict[str, Any]:
    """Return a member (with its account) as another member of the organization sees it."""
    account = member.account
    return {
        "slug": account.slug,
        "username": account.username,
        "display_name": account.shown_name,
        "avatar_url": account.avatar or None,
        "email": account.email if MANAGE in seen_by.permissions else None,
        "role": member.role,
        "joined_at": member.joined_at,
    }


def represent_own_membership(membership: Membership) -> dict[str, Any]:
    """Return a membership as the member sees it."""
    return {
        "role": membership.role,
        "permissions": sorted(membership.permissions),
        "joined_at": membership.joined_at,
    }


def represent_roles(membership: Membership) -> list[dict[str, Any]]:
    """Return all roles as a member sees them, with the ``rank`` that sorts them."""
    grantable = membership.grantable_roles
    return [
        {"role": role, "permissions": sorted(permissions_of(role)), "grantable": role in grantable, "rank": rank}
        for role, rank in ranks().items()
    ]


def represent_invitation(invitation: Invitation) -> dict[str, Any]:
    """Return an invitation as the members who may invite see it."""
    return {
        "id": invitation.pk,
        "email": invitation.email,
        "role": invitation.role,
        "status": invitation.shown_status,
        "invited_by": invitation.invited_by.slug if invitation.invited_by else None,
        "created_at": invitation.created_at,
        "expires_at": invitation.expires_at,
    }


def represent_invited(invited: Invited) -> dict[str, Any]:
    """Return what became of one of several invitations."""
    return {
        "email": invited.email,
        "status": invited.status,
        "invitation": represent_invitation(invited.invitation) if invited.invitation else None,
        "error": _represent_error(invited.error) if invited.error and invited.status == "error" else None,
    }


def _represent_error(error: OrgKitError) -> dict[str, str]:
    """Return an error of a row. Where single values are wrong, the first of them says more than the error."""
    (wrong, *_) = error.extra.get("errors") or [{}]
    return {"code": error.code, "detail": wrong.get("msg", error.detail)}


def represent_preview(invitation: Invitation, *, has_account: bool) -> dict[str, Any]:
    """Return an invitation (with its organization) as the invited person sees it."""
    inviter = invitation.invited_by
    return {
        "organization": {
            "name": invitation.organization.name,
            "slug": invitation.organization.slug,
            "logo_url": represent_logo(invitation.organization)["logo_url"],
        },
        "inviter": {
            "slug": inviter.slug,
            "display_name": inviter.shown_name,
            "avatar_url": inviter.avatar or None,
        }
        if inviter
        else None,
        "email": invitation.email,
        "role": invitation.role,
        "status": invitation.shown_status,
        "expires_at": invitation.expires_at,
        "has_account": has_account,
    }


def represent_received(invitation: Invitation) -> dict[str, Any]:
    """Return a pending invitation (with its organization) as the account with the invited address sees it."""
    return {
        **represent_preview(invitation, has_account=True),
        "id": invitation.pk,
        "created_at": invitation.created_at,
    }
