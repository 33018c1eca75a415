"""Bodies of the contact routes."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.contacts.selectors import MAX_TERMS, row_of
from ninja_orgkit.custom.fields import custom_field, custom_shown
from ninja_orgkit.protocol.conditional import Show
from ninja_orgkit.protocol.fields import (
    Line32,
    Line50,
    Line150,
    Line200,
    Line254,
    Line255,
    Moment,
    OrgkitInput,
    Since,
    Text,
    clean_email,
    example,
)
from ninja_orgkit.protocol.parameters import Part
from ninja_orgkit.protocol.urls import FileUrl, file_url
from ninja_orgkit.tags.selectors import read_tags


def _email_or_nothing(value: str) -> str:
    return clean_email(value) if value else ""


def _few_terms(value: str) -> str:
    if len(value.split()) > MAX_TERMS:
        raise PydanticCustomError("too_many_terms", "Give at most {most} terms", {"most": MAX_TERMS})
    return value


ContactEmail = Annotated[Line254, AfterValidator(_email_or_nothing)]
CustomFields: Any = custom_field("contact")
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
    avatar_url: str | None
    avatar_large_url: str | None
    tags: list[OrgkitContactTag]
    custom: CustomShown
    created_at: Moment
    updated_at: Moment


class OrgkitContactFields(OrgkitInput):
    """What can be edited of a contact."""

    display_name: Line255 = Field("", description="Made of the other names when it is empty.")
    first_name: Line150 = ""
    last_name: Line150 = ""
    email: ContactEmail = ""
    phone: Line32 = ""
    location: Line255 = ""
    notes: Text = ""
    custom: CustomFields = Field(default_factory=dict)


class OrgkitContactCreate(OrgkitContactFields):
    """A new contact, with at least one name."""

    model_config = example(organization="acme", first_name="Grace", last_name="Hopper", email="grace@example.com")

    organization: Line255 = Field(description="Slug of the organization that it belongs to.")


class OrgkitContactChange(OrgkitContactFields):
    """The fields of a contact: all of them in a PUT, those to change in a PATCH."""

    model_config = example(first_name="Grace", last_name="Hopper", phone="+1 555 0100")

    organization: Line255 = Field("", description="Slug of the contact's organization; another one is a conflict.")


class OrgkitContactFilters(BaseModel):
    """Which contacts are asked for."""

    organization: Part | None = Field(None, description="Slug of one organization.")
    search: Annotated[Line200, AfterValidator(_few_terms)] = Field(
        "", description="Up to 10 terms; each must occur in names, e-mail, phone or notes."
    )
    tag: list[Line50] = Field([], max_length=20, description="Slugs of tags; all must match.")
    created_after: Since | None = Field(None, description="Made after this moment (RFC 3339).")
    updated_after: Since | None = Field(None, description="Changed after this moment (RFC 3339).")


class OrgkitContactAvatar(BaseModel):
    """The two sizes of an avatar."""

    model_config = example(
        avatar_url="https://example.com/api/v1/media/7b1f-YXZhdGFycw.c2lnbmF0dXJl",
        avatar_large_url="https://example.com/api/v1/media/7b1f-YXZhdGFycw.c2lnbmF0dXJl",
    )

    avatar_url: str
    avatar_large_url: str


def show_contact(contact: Contact) -> Show:
    """Read a contact, and return what shows it to clients. Raises NotFound when it is gone."""
    return partial(present_contact, row_of(contact))


def present_contact(row: dict[str, Any], urls: FileUrl) -> dict[str, Any]:
    """Return a contact as clients see it."""
    return {
        **row,
        "organization": row["organization__slug"],
        "creator": row["creator__slug"],
        "avatar_url": file_url(urls, row["avatar"]),
        "avatar_large_url": file_url(urls, row["avatar_large"]),
        "tags": read_tags(row["tags"]),
    }
