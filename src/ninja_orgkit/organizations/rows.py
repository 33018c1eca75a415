"""Export an organization, its members and its invitations as rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from django.db.models import QuerySet
from pydantic import BaseModel, Field

from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.organizations.selectors.invitations import invitations_of
from ninja_orgkit.organizations.selectors.members import members_of
from ninja_orgkit.protocol.fields import Moment
from ninja_orgkit.registry import StoredFile


class OrgkitOrganizationRow(BaseModel):
    """The organization itself."""

    slug: str
    name: str
    type: str
    logo: Annotated[str | None, StoredFile("logo", "slug")] = Field(validation_alias="avatar_large")
    custom: dict[str, Any]
    created_at: Moment
    updated_at: Moment


class OrgkitMemberRow(BaseModel):
    """A member, with what the organization may see of the account."""

    slug: str
    username: str
    email: str
    first_name: str
    last_name: str
    display_name: str
    avatar: Annotated[str | None, StoredFile("avatars", "slug")]
    role: str
    joined_at: Moment


class OrgkitInvitationRow(BaseModel):
    """An invitation, without the token of its link."""

    id: UUID
    email: str
    role: str
    status: str
    invited_by: str | None
    created_at: Moment
    expires_at: Moment


def organization_rows(organization: Organization) -> QuerySet[Organization]:
    """Return the organization itself."""
    return Organization.objects.filter(pk=organization.pk)


def member_rows(organization: Organization) -> Iterator[dict[str, Any]]:
    """Yield the members of an organization, in the order in which they joined, with the names that people see."""
    for item in members_of(organization).order_by("joined_at", "pk").iterator():
        account = item.account
        yield {
            "slug": account.slug,
            "username": account.username,
            "email": account.email,
            "first_name": account.first_name,
            "last_name": account.last_name,
            "display_name": account.shown_name,
            "avatar": account.avatar_large,
            "role": item.role,
            "joined_at": item.joined_at,
        }


def invitation_rows(organization: Organization) -> Iterator[dict[str, Any]]:
    """Yield all invitations of an organization, oldest first, with the status that people see."""
    for item in invitations_of(organization).order_by("created_at", "pk").iterator():
        yield {
            "id": item.pk,
            "email": item.email,
            "role": item.role,
            "status": item.shown_status,
            "invited_by": item.invited_by.slug if item.invited_by else None,
            "created_at": item.created_at,
            "expires_at": item.expires_at,
        }
