"""Export the API keys of an organization as rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from ninja_orgkit.apikeys.selectors import api_keys_of
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.protocol.fields import Moment


class OrgkitApiKeyRow(BaseModel):
    """An API key, without anything that would let somebody use it."""

    id: UUID
    name: str
    prefix: str
    permissions: list[str]
    created_by: str
    created_at: Moment
    expires_at: Moment | None
    last_used_at: Moment | None


def api_key_rows(organization: Organization) -> Iterator[dict[str, Any]]:
    """Yield the API keys of an organization, oldest first."""
    for key in api_keys_of(organization).order_by("created_at", "pk").iterator():
        yield {
            "id": key.pk,
            "name": key.name,
            "prefix": key.prefix,
            "permissions": sorted(key.permissions),
            "created_by": key.created_by.slug,
            "created_at": key.created_at,
            "expires_at": key.expires_at,
            "last_used_at": key.last_used_at,
        }
