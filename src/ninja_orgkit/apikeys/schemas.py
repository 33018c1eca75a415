"""API keys as clients see them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from ninja_orgkit.apikeys.models import ApiKey
from ninja_orgkit.protocol.fields import Moment, example
from ninja_orgkit.protocol.urls import PassingMoment, PassingText


class OrgkitApiKey(BaseModel):
    """An API key. Its text is shown once, to whoever creates it."""

    model_config = example(
        id="018f3a52-7b1c-7c3e-9d41-5f0c2ab4e6d8",
        name="Newsletter",
        prefix="ok_3vX9kQ2a",
        permissions=["contacts.read", "tags.read"],
        created_by="ada-5kq2m7xa",
        created_at="2026-01-31T09:30:00Z",
        expires_at="2027-01-31T09:30:00Z",
        last_used_at=None,
        key=None,
    )

    id: UUID
    name: str
    prefix: str = Field(description="The first 11 characters of the key.")
    permissions: list[str] = Field(
        description="What the key may do, as far as the role of `created_by` allows it at the time."
    )
    created_by: str = Field(description="Slug of the user in whose name the key acts.")
    created_at: Moment
    expires_at: Moment | None
    last_used_at: PassingMoment = Field(description="Exact to the minute. It does not count for the ETag.")
    key: PassingText = Field(description="The key itself, only in the answer that creates it.")


def represent_api_key(key: ApiKey, *, text: str | None = None) -> dict[str, Any]:
    """Return an API key as the members who may manage keys see it; with its text, if that is known."""
    return {
        "id": key.pk,
        "name": key.name,
        "prefix": key.prefix,
        "permissions": sorted(key.permissions),
        "created_by": key.created_by.slug,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "key": text,
    }
