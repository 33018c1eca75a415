"""Values that clients and a host's code give to API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.utils import timezone
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ninja_orgkit.apikeys.models import NAME_LENGTH
from ninja_orgkit.conf import settings
from ninja_orgkit.organizations.roles import MANAGE_KEYS
from ninja_orgkit.protocol.fields import Instant, Line, OrgkitInput, example

_MAX_PERMISSIONS = 1000


def _grantable(value: str) -> str:
    if value == MANAGE_KEYS:
        raise PydanticCustomError("not_for_api_keys", "An API key cannot manage API keys")
    if not any(value in permissions for permissions in settings.ROLES.values()):
        raise PydanticCustomError("unknown_permission", "This permission does not exist")
    return value


def _once_each(value: list[str]) -> list[str]:
    return sorted(set(value))


def _future(value: datetime) -> datetime:
    if value <= timezone.now():
        raise PydanticCustomError("in_the_past", "This time has passed")
    return value


KeyName = Annotated[str, Line(NAME_LENGTH, min_length=1)]
Permission = Annotated[str, Line(100), AfterValidator(_grantable)]
Permissions = Annotated[list[Permission], Field(min_length=1, max_length=_MAX_PERMISSIONS), AfterValidator(_once_each)]
Expiry = Annotated[Instant, AfterValidator(_future)]


class OrgkitApiKeyCreate(OrgkitInput):
    """An API key to create."""

    model_config = example(
        name="Newsletter", permissions=["contacts.read", "tags.read"], expires_at="2027-01-31T09:30:00Z"
    )

    name: KeyName
    permissions: Permissions = Field(description="What the key may do. You must hold every permission yourself.")
    expires_at: Expiry | None = Field(None, description="When the key stops working; null for never.")


class OrgkitApiKeyChange(OrgkitInput):
    """The fields of an API key to change."""

    model_config = example(name="Newsletter", permissions=["contacts.read"])

    name: KeyName = ""
    permissions: Permissions = []
    expires_at: Expiry | None = None
