"""Invitations: what goes in and out of their routes."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from ninja_orgkit.errors import OrgKitError
from ninja_orgkit.organizations.models import Invitation
from ninja_orgkit.organizations.schemas.organizations import represent_logo
from ninja_orgkit.organizations.services.invitations import Invited
from ninja_orgkit.organizations.values import RoleName
from ninja_orgkit.protocol.fields import Moment, OrgkitInput, Token, example
from ninja_orgkit.protocol.urls import FileLink

_PREVIEW: dict[str, Any] = {
    "organization": {"name": "Acme", "slug": "acme", "logo_url": None},
    "inviter": {"slug": "ada-5kq2m7xa", "display_name": "Ada Lovelace", "avatar_url": None},
    "email": "grace@example.com",
    "role": "member",
    "status": "pending",
    "expires_at": "2026-02-07T09:30:00Z",
    "has_account": True,
}


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
