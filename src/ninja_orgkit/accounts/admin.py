"""Admin of accounts and sessions."""

from __future__ import annotations

from django.contrib import admin

from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.custom.forms import JSON_OBJECTS


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Accounts; address, username and names are edited on the user."""

    list_display = ("username", "email", "display_name", "slug", "email_verified_at", "created_at")
    list_filter = ("finished_onboarding", "preferred_theme")
    search_fields = ("username", "email", "first_name", "last_name", "display_name", "slug")
    date_hierarchy = "created_at"
    readonly_fields = ("user", "slug", "username", "email", "first_name", "last_name", "created_at", "updated_at")
    formfield_overrides = JSON_OBJECTS

    def has_add_permission(self, request: object) -> bool:
        """Refuse: an account comes with its user."""
        return False


@admin.register(Session)
class SessionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Signed-in devices; deleting one signs it out."""

    list_display = ("account", "device", "address", "created_at", "last_used_at", "expires_at")
    list_select_related = ("account",)
    search_fields = ("account__username", "account__email", "address")
    date_hierarchy = "last_used_at"

    def has_add_permission(self, request: object) -> bool:
        """Sessions begin by signing in."""
        return False

    def has_change_permission(self, request: object, obj: Session | None = None) -> bool:
        """Refuse: a session is not edited, only ended."""
        return False
