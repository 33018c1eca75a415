"""Export an organization, its members and its invitations as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from pydantic import BaseModel, Field, model_validator

from ninja_orgkit.organizations.models import Invitation, Membership, Organization
from ninja_orgkit.protocol.fields import Moment
from ninja_orgkit.registry import StoredFile


class OrgkitOrganizationRow(BaseModel):
    """The organization itself."""

    slug: str
    name: str
    type: str
    custom: dict[str, Any]
    created_at: Moment
    updated_at: Moment


class OrgkitMemberRow(BaseModel):
    """A member, with what the organization may see of the account."""

    slug: str = Field(validation_alias="account__slug")
    username: str = Field(validation_alias="account__username")
    email: str = Field(validation_alias="account__email")
    first_name: str = Field(validation_alias="account__first_name")
    last_name: str = Field(validation_alias="account__last_name")
    display_name: str = Field(validation_alias="account__display_name")
    avatar: Annotated[str | None, StoredFile("avatars", "slug")] = Field(validation_alias="account__avatar_large")
    role: str
    joined_at: Moment


class OrgkitInvitationRow(BaseModel):
    """An invitation, without the token of its link."""

    id: UUID
    email: str
    role: str
    status: str
    invited_by: str | None = Field(validation_alias="invited_by__slug")
    created_at: Moment
    expires_at: Moment

    @model_validator(mode="after")
    def _show_expiry(self) -> Self:
        expires_at: datetime = self.expires_at
        if self.status == Invitation.Status.PENDING and expires_at <= timezone.now():
            self.status = Invitation.Status.EXPIRED.value
        return self


def organization_rows(organization: Organization) -> QuerySet[Organization]:
    """Return the organization itself."""
    return Organization.objects.filter(pk=organization.pk)


def member_rows(organization: Organization) -> QuerySet[Membership]:
    """Return the members of an organization, in the order in which they joined."""
    return Membership.objects.filter(organization=organization).order_by("joined_at", "pk")


def invitation_rows(organization: Organization) -> QuerySet[Invitation]:
    """Return all invitations of an organization, oldest first, including those that have ended."""
    return Invitation.objects.filter(organization=organization).order_by("created_at", "pk")
