"""Members and roles: what goes in and out of their routes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from ninja_orgkit.organizations.models import Membership
from ninja_orgkit.organizations.roles import MANAGE, permissions_of, ranks
from ninja_orgkit.organizations.values import RoleName
from ninja_orgkit.protocol.fields import Line, Moment, OrgkitInput, example
from ninja_orgkit.protocol.parameters import Search
from ninja_orgkit.protocol.urls import FileLink


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
