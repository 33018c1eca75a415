"""Tell of each key that is deleted, by whatever path: itself, or with the membership of its creator."""

from __future__ import annotations

from typing import Any

from ninja_orgkit.apikeys.models import ApiKey
from ninja_orgkit.audit.actions import API_KEY_REVOKED
from ninja_orgkit.audit.announcing import announce, is_heard
from ninja_orgkit.organizations.models import Organization

_KNOWN = "_orgkit_organizations_of_keys"


def tell_of_revocation(sender: type[ApiKey], instance: ApiKey, origin: Any = None, **_kwargs: Any) -> None:
    """Announce that a key was revoked, unless it goes with its organization."""
    if not is_heard(API_KEY_REVOKED, ApiKey):
        return
    organization = _organization_of(instance, origin)
    if organization.deleted_at is None:
        announce(API_KEY_REVOKED, instance, organization=organization)


def _organization_of(key: ApiKey, origin: Any) -> Organization:
    """Return the organization of a key. One deletion, which ``origin`` began, reads each organization once."""
    if origin is None or ApiKey.organization.is_cached(key):
        return key.organization
    known: dict[int, Organization] = vars(origin).setdefault(_KNOWN, {})
    if key.organization_id not in known:
        known[key.organization_id] = key.organization
    return known[key.organization_id]
