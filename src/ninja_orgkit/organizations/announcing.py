"""Tell what has happened to objects of which the kit only knows in which organization they are."""

from __future__ import annotations

from typing import Any

from django.db import models

from ninja_orgkit.audit.actions import Action
from ninja_orgkit.audit.announcing import Changes, announce, is_heard
from ninja_orgkit.organizations.models import Organization


def announce_in(organization: Any, action: Action, obj: models.Model, *, changes: Changes) -> None:
    """Announce what happened to an object of an organization, which is given by its primary key."""
    if not is_heard(action, type(obj)):
        return
    home = next((found for found in obj._state.fields_cache.values() if isinstance(found, Organization)), None)
    if home is None or home.pk != organization:
        home = Organization.objects.get(pk=organization)
    announce(action, obj, organization=home, changes=changes)
