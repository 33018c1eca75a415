"""Find the events of an organization or an account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ninja_orgkit.audit.actions import ACCOUNT, ACTIONS, ORGANIZATION
from ninja_orgkit.audit.models import Event, EventQuerySet, trail_of
from ninja_orgkit.errors import field_error


def events_of_organization(organization: Any, filters: Mapping[str, Any] | None = None) -> EventQuerySet:
    """Return the trail of an organization, narrowed as ``filters`` says. Raises ValidationFailed."""
    return _events(trail_of(ORGANIZATION, organization), filters or {})


def security_events_of(account: Any, filters: Mapping[str, Any] | None = None) -> EventQuerySet:
    """Return the security events of an account, narrowed as ``filters`` says. Raises ValidationFailed."""
    return _events(trail_of(ACCOUNT, account), filters or {})


def _events(trail: str, filters: Mapping[str, Any]) -> EventQuerySet:
    """Return the events of a trail for which all ``filters`` (lookups of the model) hold.

    Raises ValidationFailed for an action that is not in the catalogue, and that no host has recorded in this trail.
    """
    events = Event.objects.filter(trail=trail)
    action = filters.get("action")
    if action is not None and action not in ACTIONS and not events.filter(action=action).exists():
        raise field_error(["query", "action"], "This action does not exist", "unknown_action")
    return events.filter(**filters)
