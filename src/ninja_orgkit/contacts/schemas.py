"""What goes in and out of the contact routes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from ninja_orgkit.contacts.values import OrgkitContactFields
from ninja_orgkit.custom.fields import custom_shown
from ninja_orgkit.protocol.fields import (
    Line,
    Moment,
    Since,
    example,
)
from ninja_orgkit.protocol.parameters import OrgkitTagQuery, Part, Search
from ninja_orgkit.protocol.urls import FileLink
from ninja_orgkit.tags.selectors import read_tags

SlugText = Annotated[str, Line(255)]
CustomShown: Any = custom_shown("contact")


class OrgkitContactTag(BaseModel):
    """A tag, as a contact shows it."""

    model_config = example(id=7, name="VIP", slug="vip")

    id: int
    name: str
    slug: str


class OrgkitContact(BaseModel):
    """A contact of an organization."""

    model_config = example(
        slug="grace-hopper-x7k2m5qa",
        display_name="Grace Hopper",
        first_name="Grace",
        last_name="Hopper",
        email="grace@example.com",
        phone="+1 555 0100",
        location="Arlington",
        notes="",
        organization="acme",
        creator="ada-5kq2m7xa",
        avatar_url=None,
        avatar_large_url=None,
        tags=[{"id": 7, "name": "VIP", "slug": "vip"}],
        custom={},
        created_at="2026-01-31T09:30:00Z",
        updated_at="2026-01-31T09:30:00Z",
    )

    slug: str
    display_name: str
    first_name: str
    last_name: str
    email: str
    phone: str
    location: str
    notes: str
    organization: str
    creator: str | None
    avatar_url: FileLink | None
    avatar_large_url: FileLink | None
    tags: list[OrgkitContactTag]
    custom: CustomShown
    created_at: Moment
    updated_at: Moment


class OrgkitContactCreate(OrgkitContactFields):
    """A new contact, with at least one name."""

    model_config = example(organization="acme", first_name="Grace", last_name="Hopper", email="grace@example.com")

    organization: SlugText = Field(description="Slug of the organization that the contact belongs to.")


class OrgkitContactChange(OrgkitContactFields):
    """The fields of a contact: a PUT replaces all of them, a PATCH changes the given ones."""

    model_config = example(first_name="Grace", last_name="Hopper", phone="+1 555 0100")

    organization: SlugText = Field(
        "", description="Slug of the contact's own organization. Any other slug is a conflict."
    )


class OrgkitContactFilters(OrgkitTagQuery):
    """Filters of the list of contacts."""

    organization: Part | None = Field(None, description="Slug of the organization to list.")
    search: Search = Field("", description="Up to 10 terms. Each must occur in the names, e-mail, phone or notes.")
    created_after: Since | None = Field(None, description="Created after this time (RFC 3339).")
    updated_after: Since | None = Field(None, description="Changed after this time (RFC 3339).")


def represent_contact(row: dict[str, Any]) -> dict[str, Any]:
    """Return a contact as clients see it."""
    return {
        **row,
        "organization": row["organization__slug"],
        "creator": row["creator__slug"],
        "avatar_url": row["avatar"] or None,
        "avatar_large_url": row["avatar_large"] or None,
        "tags": read_tags(row["tags"]),
    }
