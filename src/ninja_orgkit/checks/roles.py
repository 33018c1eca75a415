"""System checks of roles: permissions that nobody has, and roles that nobody can grant."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.urls import get_resolver

from ninja_orgkit.conf import Settings, settings
from ninja_orgkit.errors import OrgKitError
from ninja_orgkit.organizations.models import Membership
from ninja_orgkit.organizations.roles import may_handle, owner_roles
from ninja_orgkit.protocol.traits import Traits

_MAX_LENGTH: Any = Membership._meta.get_field("role").max_length
_OURS = {permission for permissions in Settings.ROLES.values() for permission in permissions}
_AREAS = {permission.partition(".")[0] for permission in _OURS}
# A permission of the host's has another name, and is not as near as this.
_NEAR = 0.9


@register(Tags.urls)
def check_roles(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report roles that cannot be stored or granted, and permissions that do not exist."""
    apis = list(_apis(get_resolver().url_patterns))
    unanswered = list(_check_handlers(apis))
    if not _has_the_right_type(settings.ROLES):
        return unanswered
    needed = set(_needed(apis))
    return [*unanswered, *_check_names(), *_check_grants(), *_check_permissions(needed), *_check_needs(needed)]


def _has_the_right_type(roles: Any) -> bool:
    """Tell whether roles can be read at all. If not, the check of the settings says so."""
    return isinstance(roles, dict) and all(
        isinstance(permissions, list | tuple) and all(isinstance(item, str) for item in permissions)
        for permissions in roles.values()
    )


def _check_names() -> Iterator[CheckMessage]:
    for role in settings.ROLES:
        if not 0 < len(role) <= _MAX_LENGTH:
            hint = f"Use 1 to {_MAX_LENGTH} characters."
            yield Error(f"ROLES has a name that cannot be stored: {role!r}.", hint=hint, id="orgkit.E045")


def _check_grants() -> Iterator[CheckMessage]:
    """Warn about roles that hold more than any owner does: nobody can invite people to them."""
    owners = owner_roles()
    for role in settings.ROLES:
        if owners and not any(may_handle(owner, role) for owner in owners):
            missing = sorted(set(settings.ROLES[role]) - set(settings.ROLES[owners[0]]))
            hint = f"Give an owner's role {', '.join(missing)}, too."
            text = f"Nobody can grant the role {role!r}, because it holds permissions that no owner has."
            yield Warning(text, hint=hint, id="orgkit.W046")


def _check_permissions(needed: set[str]) -> Iterator[CheckMessage]:
    """Warn about permissions of roles that are probably misspelt. Those of the host's own code can have any name."""
    known = _OURS | needed
    for role, permissions in settings.ROLES.items():
        for permission in permissions:
            near = get_close_matches(permission, known, n=1, cutoff=_NEAR)
            if permission not in known and (near or permission.partition(".")[0] in _AREAS):
                hint = f"Did you mean {near[0]!r}?" if near else "Remove it, or correct its name."
                text = f"The role {role!r} holds {permission!r}, which no route needs."
                yield Warning(text, hint=hint, id="orgkit.W047")


def _check_needs(needed: set[str]) -> Iterator[CheckMessage]:
    """Warn about routes of the host that are closed to everybody. A host may take our permissions from all roles."""
    held = {permission for permissions in settings.ROLES.values() for permission in permissions}
    for permission in sorted(needed - held - _OURS):
        near = get_close_matches(permission, held, n=1, cutoff=_NEAR)
        hint = f"Did you mean {near[0]!r}?" if near else "Add it to a role."
        text = f"A route needs {permission!r}, which no role in ROLES holds, so it refuses everybody."
        yield Warning(text, hint=hint, id="orgkit.W048")


def _needed(apis: Iterable[Any]) -> Iterator[str]:
    """Yield what the routes of each API need."""
    for api in apis:
        for operation in _operations(api):
            traits: Traits | None = getattr(operation.view_func, "traits", None)
            gate = traits and traits.gate
            if gate and gate.permission and OrgKitError in api._exception_handlers:
                yield gate.permission
            yield from filter(None, _required_by(operation))


def _check_handlers(apis: Iterable[Any]) -> Iterator[CheckMessage]:
    """Report each API whose routes are behind ``require``, but which does not answer its errors."""
    for api in apis:
        guarded = [permission for operation in _operations(api) for permission in _required_by(operation)]
        if guarded and OrgKitError not in api._exception_handlers:
            text = f"The API {api.urls_namespace!r} has routes behind require(), but does not answer the kit's errors."
            hint = "Call ninja_orgkit.protocol.problems.add_error_handlers(api)."
            yield Error(text, hint=hint, id="orgkit.E080")


def _apis(patterns: Any) -> Iterator[Any]:
    """Yield each API of ninja below some URL patterns."""
    for pattern in patterns:
        yield from _apis(getattr(pattern, "url_patterns", ()))
        if getattr(pattern, "name", None) == "api-root":
            yield inspect.unwrap(pattern.callback).keywords["api"]


def _operations(api: Any) -> Iterator[Any]:
    """Yield the operations of an API, nested routers included, each with the ``auth`` that it has in the end."""
    for router in api._get_bound_routers():
        for path in router.path_operations.values():
            yield from path.operations


def _required_by(operation: Any) -> Iterator[str]:
    """Yield the permission of each ``require`` that an operation is behind."""
    for callback in operation.auth_callbacks:
        permission = getattr(getattr(callback, "admit", None), "permission", None)
        if permission is not None:
            yield permission
