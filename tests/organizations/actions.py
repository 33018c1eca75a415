"""What most tests of organizations do."""

from __future__ import annotations

from typing import Any

from tests.client import Person
from tests.org import Org


def roles_in(org: Org) -> dict[str, str]:
    """Return the role of each member by slug."""
    return dict(org.row.memberships.values_list("account__slug", "role"))


def invite(org: Org, email: str, role: str = "member", *, by: Person | None = None) -> Any:
    """Invite an address; the owner does it, unless told otherwise."""
    return (by or org.owner).api.post(f"{org.path}invitations/", {"email": email, "role": role})


def owners_of(org: Org) -> list[str]:
    """Return the slugs of the owners."""
    return [slug for slug, role in roles_in(org).items() if role == "owner"]


def list_invitations(org: Org, **query: Any) -> Any:
    """Return the first page of the invitations."""
    return org.api.get(f"{org.path}invitations/", **query).json()["items"]
