"""Export an organization, its members and its invitations as rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from django.db.models import QuerySet
from pydantic import BaseModel, Field

from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.selectors import invitations_of
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


def organization_rows(organization: Organization) -> QuerySet[Organization]:
    """Return the organization itself."""
    return Organization.objects.filter(pk=organization.pk)


def member_rows(organization: Organization) -> QuerySet[Membership]:
    """Return the members of an organization, in the order in which they joined."""
    return Membership.objects.filter(organization=organization).order_by("joined_at", "pk")


def invitation_rows(organization: Organization) -> Iterator[dict[str, Any]]:
    """Return all invitations of an organization, oldest first, with the status that people see."""
    for item in invitations_of(organization).order_by("created_at", "pk").iterator():
        yield {
            "id": item.pk,
            "email": item.email,
            "role": item.role,
            "status": item.shown_status,
            "invited_by__slug": item.invited_by.slug if item.invited_by else None,
            "created_at": item.created_at,
            "expires_at": item.expires_at,
        }
