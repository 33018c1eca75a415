"""What most tests of organizations do."""

from __future__ import annotations

from typing import Any

from django.db import connection

from ninja_orgkit.organizations.models import Membership
from tests.client import Person
from tests.org import Org


def roles_in(org: Org) -> dict[str, str]:
    """Return the role of each member by slug."""
    return dict(org.row.memberships.values_list("account__slug", "role"))


def invite(org: Org, email: str, role: str = "member", *, by: Person | None = None) -> Any:
    """Invite an address; the owner does it, unless told otherwise."""
    return (by or org.owner).api.post(f"{org.path}invitations/", {"email": email, "role": role})


def overwrite_role(membership: Membership, role: str) -> None:
    """Give a membership another role by inserting it once more."""
    # MariaDB takes every unique constraint, and lets nobody name one.
    named = ["account", "organization"] if connection.features.supports_update_conflicts_with_target else None
    again = Membership(organization=membership.organization, account=membership.account, role=role)
    Membership.objects.bulk_create([again], update_conflicts=True, unique_fields=named, update_fields=["role"])


def owners_of(org: Org) -> list[str]:
    """Return the slugs of the owners."""
    return [slug for slug, role in roles_in(org).items() if role == "owner"]


def list_invitations(org: Org, **query: Any) -> Any:
    """Return the first page of the invitations."""
    return org.api.get(f"{org.path}invitations/", **query).json()["items"]
