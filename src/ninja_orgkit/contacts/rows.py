"""Export contacts as rows."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from ninja_orgkit.protocol.fields import Moment
from ninja_orgkit.registry import StoredFile


class OrgkitContactRow(BaseModel):
    """A contact in an export."""

    slug: str
    display_name: str
    first_name: str
    last_name: str
    email: str
    phone: str
    location: str
    notes: str
    creator: str | None = Field(validation_alias="creator__slug")
    avatar: Annotated[str | None, StoredFile("avatars", "slug")] = Field(validation_alias="avatar_large")
    custom: dict[str, Any]
    created_at: Moment
    updated_at: Moment
