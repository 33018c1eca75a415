"""The audit trail in Django's admin, for reading only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from ninja_orgkit.audit.models import Event
from ninja_orgkit.files.admin import ListAdmin


@admin.register(Event)
class EventAdmin(ListAdmin):
    """Events, newest first. The search takes the whole slug of an organization or an account, which has an index."""

    list_display = ("created_at", "owner", "action", "actor", "actor_kind", "target_kind", "target_name", "address")
    search_fields = ("=owner",)
    search_help_text = "Slug of an organization or an account"
    fields = (
        "created_at", "owner", "action", "actor", "actor_name", "actor_kind", "key_name", "target_kind", "target",
        "target_name", "changes", "address", "device", "request_id",
    )  # fmt: skip

    def has_add_permission(self, request: object) -> bool:
        """Allow nobody to add an event here."""
        return False

    def has_change_permission(self, request: object, obj: Any = None) -> bool:
        """Allow nobody to change an event."""
        return False

    def has_delete_permission(self, request: object, obj: Any = None) -> bool:
        """Allow nobody to delete an event."""
        return False
