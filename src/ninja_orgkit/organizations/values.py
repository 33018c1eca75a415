"""Values that clients and a host's code give to organizations and invitations."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError, PydanticKnownError

from ninja_orgkit.conf import settings
from ninja_orgkit.custom.fields import custom_field
from ninja_orgkit.protocol.fields import Email, Line, OrgkitInput, example

_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"


def _named_role(value: Any) -> Any:
    if value is None:
        raise PydanticKnownError("missing")
    return value


def _not_reserved(value: str) -> str:
    if value in settings.RESERVED_SLUGS:
        raise PydanticCustomError("reserved", "This slug is reserved")
    return value


NewSlug = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=2, max_length=50, pattern=_SLUG),
    AfterValidator(_not_reserved),
]
Name = Annotated[str, Line(255, min_length=1)]
RoleName = Annotated[str, Line(32)]
InvitationRole = Annotated[RoleName, BeforeValidator(_named_role)]
OrganizationFields: Any = custom_field("organization")


def _default_role() -> Any:
    return Field(
        default_factory=lambda: settings.INVITATION_ROLE,
        validate_default=True,
        description="Required unless the server has a role for invitations that name none.",
    )


class OrgkitOrganizationCreate(OrgkitInput):
    """An organization to create."""

    model_config = example(name="Acme", slug="acme")

    name: Name
    slug: NewSlug = Field("", description="Lower-case letters, digits and hyphens. Derived from the name when absent.")
    custom: OrganizationFields = {}


class OrgkitOrganizationChange(OrgkitInput):
    """The fields of an organization to change."""

    model_config = example(name="Acme Ltd")

    name: Name = ""
    custom: OrganizationFields = {}


class OrgkitInvitationCreate(OrgkitInput):
    """Whom to invite, and in which role."""

    model_config = example(email="grace@example.com", role="member")

    email: Email
    role: InvitationRole = _default_role()


class OrgkitInvitationRequest(OrgkitInput):
    """One of several people to invite, and in which role. The address is checked later, on its own."""

    model_config = example(email="grace@example.com", role="member")

    email: Annotated[str, Line(1024)]
    role: InvitationRole = _default_role()


class OrgkitInvitationsCreate(OrgkitInput):
    """Whom to invite, and in which roles: 1 to 100 people."""

    model_config = example(invitations=[{"email": "grace@example.com", "role": "member"}])

    invitations: Annotated[list[OrgkitInvitationRequest], Field(min_length=1, max_length=100)]
