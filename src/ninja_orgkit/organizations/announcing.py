"""Tell what has happened to objects of which the kit only knows in which organization they are."""

from __future__ import annotations

from typing import Any

from django.db import models

from ninja_orgkit.audit.actions import Action
from ninja_orgkit.audit.announcing import Changes, announce, is_heard
from ninja_orgkit.organizations.models import Organization


def announce_in(organization: Any, action: Action, obj: models.Model, *, changes: Changes) -> None:
    """Announce what happened to an object of an organization, which is given by its primary key."""
    if is_heard(action, type(obj)):
        announce(action, obj, organization=organization_of(obj, organization), changes=changes)


def organization_of(obj: models.Model, organization: Any) -> Organization:
    """Return the organization of an object. Without a statement if the object has it."""
    home = next((found for found in obj._state.fields_cache.values() if isinstance(found, Organization)), None)
    return home if home is not None and home.pk == organization else Organization.objects.get(pk=organization)
