"""Organizations and their logos, as clients see them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from ninja_orgkit.custom.fields import custom_shown
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.protocol.fields import Moment, example
from ninja_orgkit.protocol.urls import FileLink

OrganizationFieldsShown: Any = custom_shown("organization")


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
