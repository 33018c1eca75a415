"""Roles are data: names with permissions, in the settings."""

from __future__ import annotations

from ninja_orgkit.conf import settings

OWNERS = "owners.manage"


def permissions_of(role: str) -> frozenset[str]:
    """Return the permissions of a role; none for a role that is no longer there."""
    return frozenset(settings.ROLES.get(role, ()))


def owner_roles() -> list[str]:
    """Return the roles of owners."""
    return roles_with(OWNERS)


def exists(role: str) -> bool:
    """Tell whether there is such a role."""
    return role in settings.ROLES


def may_handle(own: str, other: str) -> bool:
    """Tell whether who has the role ``own`` may grant or touch ``other``: it holds nothing that ``own`` does not."""
    return permissions_of(other) <= permissions_of(own)


def roles_with(permission: str) -> list[str]:
    """Return the roles that hold a permission."""
    return [role for role, permissions in settings.ROLES.items() if permission in permissions]
