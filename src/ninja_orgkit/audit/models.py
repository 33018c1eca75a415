"""Events: what happened, when, to what, and who did it."""

from __future__ import annotations

from typing import Any

from django.db import models

from ninja_orgkit.audit.errors import AppendOnly


class EventQuerySet(models.QuerySet["Event"]):
    """Events, which are only ever added."""

    def update(self, **_kwargs: Any) -> int:
        """Refuse. Raises AppendOnly."""
        raise AppendOnly

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse. Raises AppendOnly."""
        raise AppendOnly

    delete.queryset_only = True  # type: ignore[attr-defined]

    def bulk_update(self, *_args: Any, **_kwargs: Any) -> int:
        """Refuse. Raises AppendOnly."""
        raise AppendOnly

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> list[Event]:
        """Add events. Raises AppendOnly if existing ones would be updated."""
        if kwargs.get("update_conflicts"):
            raise AppendOnly
        return super().bulk_create(objs, *args, **kwargs)


class Event(models.Model):
    """Something that happened.

    It holds texts and points at no row, so it stays when what it tells of goes. ``trail`` names whose event it is:
    ``organization:`` or ``account:``, and the primary key, which is never used again as a slug might be. No client sees
    it. ``owner`` is the slug. The primary key sorts by time (UUID of version 7).
    """

    id = models.UUIDField(primary_key=True, editable=False)
    trail = models.CharField(max_length=255)
    owner = models.CharField(max_length=64)
    action = models.CharField(max_length=64)
    actor = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=255, blank=True)
    actor_kind = models.CharField(max_length=8)
    key_id = models.CharField(max_length=36, blank=True)
    key_name = models.CharField(max_length=100, blank=True)
    target_kind = models.CharField(max_length=100, blank=True)
    target = models.CharField(max_length=255, blank=True)
    target_name = models.CharField(max_length=255, blank=True)
    changes = models.JSONField(default=dict, blank=True)
    address = models.CharField(max_length=45, blank=True)
    device = models.CharField(max_length=255, blank=True)
    request_id = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField()

    objects = EventQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        indexes = (
            models.Index(fields=["trail", "created_at", "id"], name="orgkit_events"),
            models.Index(fields=["trail", "action", "created_at", "id"], name="orgkit_events_action"),
            models.Index(fields=["trail", "actor", "created_at", "id"], name="orgkit_events_actor"),
            models.Index(fields=["trail", "target", "created_at", "id"], name="orgkit_events_target"),
            models.Index(fields=["trail", "target_kind", "created_at", "id"], name="orgkit_events_kind"),
            models.Index(fields=["owner", "id"], name="orgkit_events_owner"),
        )

    def __str__(self) -> str:
        """Return what happened, and to what."""
        return f"{self.action} {self.target_name or self.target}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the event. Raises AppendOnly if it exists."""
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse. Raises AppendOnly."""
        raise AppendOnly


def trail_of(scope: str, owner: Any) -> str:
    """Return the trail of an organization or an account, as ``scope`` says."""
    return f"{scope}:{owner.pk}"
