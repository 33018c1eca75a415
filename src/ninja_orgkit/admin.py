"""Admin of the kernel's tables."""

from __future__ import annotations

from django.contrib import admin

from ninja_orgkit.models import OutboxMessage


@admin.register(OutboxMessage)
class OutboxMessageAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What waits for the broker; nothing to edit."""

    list_display = ("task", "created_at", "available_at")
    list_filter = ("task", "created_at")
    readonly_fields = ("id", "task", "kwargs", "created_at", "available_at")

    def has_add_permission(self, request: object) -> bool:
        """Only changes ask for tasks."""
        return False
