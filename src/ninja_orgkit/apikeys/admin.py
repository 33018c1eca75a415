"""API keys in Django's admin."""

from __future__ import annotations

from django.contrib import admin

from ninja_orgkit.apikeys.models import ApiKey
from ninja_orgkit.files.admin import ListAdmin


@admin.register(ApiKey)
class ApiKeyAdmin(ListAdmin):
    """API keys. They can be revoked here by deleting them, and nothing else: only the API shows the text of a key."""

    list_display = ("name", "prefix", "organization", "created_by", "created_at", "expires_at", "last_used_at")
    list_filter = ("created_at", "expires_at")
    list_select_related = ("organization__personal_of", "membership__account")
    fields = (
        "name", "prefix", "organization", "created_by", "permissions", "created_at", "expires_at", "last_used_at",
    )  # fmt: skip
    search_fields = ("prefix", "organization__slug", "organization__name", "membership__account__email")

    def has_add_permission(self, request: object) -> bool:
        """Allow nobody to add a key here: nobody could show its text."""
        return False

    def has_change_permission(self, request: object, obj: ApiKey | None = None) -> bool:
        """Allow nobody to change a key."""
        return False
