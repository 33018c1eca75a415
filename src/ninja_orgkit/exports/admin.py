"""Exports in Django's admin."""

from __future__ import annotations

from django.contrib import admin

from ninja_orgkit.exports.models import ExportJob


@admin.register(ExportJob)
class ExportJobAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Exports. Deleting one deletes its archive."""

    list_display = ("id", "organization", "requested_by", "status", "size", "attempts", "created_at", "expires_at")
    list_filter = ("status", "created_at")
    list_select_related = ("organization", "requested_by")
    search_fields = ("organization__slug", "organization__name", "requested_by__email")

    def has_add_permission(self, request: object) -> bool:
        """Allow nobody to add an export here: the API starts exports."""
        return False

    def has_change_permission(self, request: object, obj: ExportJob | None = None) -> bool:
        """Allow nobody to change an export."""
        return False
