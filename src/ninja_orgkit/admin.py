"""Admin of the kernel's tables."""

from __future__ import annotations

from django.contrib import admin

from ninja_orgkit.files.admin import ListAdmin
from ninja_orgkit.models import OutboxMessage


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ListAdmin):
    """Tasks that are not done yet. Nothing can be edited."""

    list_display = ("task", "created_at", "available_at", "retries", "waits_for")
    ordering = ("created_at",)
    list_filter = ("created_at",)
    search_fields = ("task", "waits_for")
    readonly_fields = ("id", "task", "kwargs", "language", "created_at", "available_at", "retries", "waits_for")

    def has_add_permission(self, request: object) -> bool:
        """Only changes ask for tasks."""
        return False
