"""Export the API keys of an organization as rows."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet
from pydantic import AfterValidator, BaseModel, Field

from ninja_orgkit.apikeys.models import ApiKey
from ninja_orgkit.apikeys.selectors import api_keys_of
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.protocol.fields import Moment


class OrgkitApiKeyRow(BaseModel):
    """An API key, without anything that would let somebody use it."""

    id: UUID
    name: str
    prefix: str
    permissions: Annotated[list[str], AfterValidator(sorted)]
    created_by: str = Field(validation_alias="membership__account__slug")
    created_at: Moment
    expires_at: Moment | None
    last_used_at: Moment | None


def api_key_rows(organization: Organization) -> QuerySet[ApiKey]:
    """Return the API keys of an organization, oldest first."""
    return api_keys_of(organization).order_by("created_at", "pk")
