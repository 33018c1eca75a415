"""Roles are data: the settings map their names to permissions."""

from __future__ import annotations

from typing import Any

from ninja_orgkit.conf import settings

MANAGE_KEYS = "keys.manage"
OWNERS = "owners.manage"
INVITE = "invitations.manage"
MANAGE = "members.manage"
GRANT = frozenset({INVITE, MANAGE})
"""Each of these lets a member give roles to others."""


def permissions_of(role: str) -> frozenset[str]:
    """Return the permissions of a role. A role that no longer exists has none."""
    return frozenset(settings.ROLES.get(role, ()))


def permissions_by(key: Any, organization: int, role: str) -> frozenset[str]:
    """Return what a role in an organization (primary key) allows to somebody who acts by an API key, None without one.

    A key narrows the role in its own organization, and allows nothing in others.
    """
    granted = permissions_of(role)
    if key is None:
        return granted
    return granted.intersection(key.permissions) if key.organization_id == organization else frozenset()


def owner_roles() -> list[str]:
    """Return the roles that make a member an owner."""
    return roles_with(OWNERS)


def ranks() -> dict[str, int]:
    """Return the rank of each role, from 0: owners come first, and then whoever has more permissions."""
    order = sorted(settings.ROLES, key=lambda role: (role not in owner_roles(), -len(permissions_of(role)), role))
    return {role: rank for rank, role in enumerate(order)}


def exists(role: str) -> bool:
    """Tell whether a role exists."""
    return role in settings.ROLES


def may_handle(own: str, other: str) -> bool:
    """Tell whether the role ``own`` may grant or change the role ``other``: it must hold every permission of it."""
    return permissions_of(other) <= permissions_of(own)


def may_invite(own: str | None, other: str) -> bool:
    """Tell whether a member with the role ``own`` (None: no member) may invite people to the role ``other``."""
    return own is not None and exists(other) and INVITE in permissions_of(own) and may_handle(own, other)


def roles_with(permission: str) -> list[str]:
    """Return the roles that have a permission."""
    return [role for role, permissions in settings.ROLES.items() if permission in permissions]
