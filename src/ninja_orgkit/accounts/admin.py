"""Accounts and sessions in Django's admin."""

from __future__ import annotations

from django.contrib import admin

from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.audit.actions import ACCOUNT_UPDATED, SESSION_ENDED
from ninja_orgkit.audit.staff import AnnouncedAdmin
from ninja_orgkit.custom.forms import JSON_OBJECTS
from ninja_orgkit.files.admin import picture


@admin.register(Account)
class AccountAdmin(AnnouncedAdmin):
    """Accounts. Edit the e-mail address, the username and the names on the user."""

    changed = ACCOUNT_UPDATED
    list_display = ("portrait", "username", "email", "display_name", "slug", "email_verified_at", "created_at")
    list_display_links = ("username",)
    list_filter = ("finished_onboarding", "preferred_theme", "created_at")
    search_fields = ("username", "email", "first_name", "last_name", "display_name", "slug")
    readonly_fields = (
        "avatar_picture", "user", "slug", "username", "email", "first_name", "last_name", "created_at", "updated_at",
    )  # fmt: skip
    formfield_overrides = JSON_OBJECTS

    @admin.display(description="")
    def portrait(self, account: Account) -> str:
        """Show the avatar."""
        return picture(account.avatar, size=40)

    @admin.display(description="avatar")
    def avatar_picture(self, account: Account) -> str:
        """Show the avatar, which links to the large one."""
        return picture(account.avatar, size=160, target=account.avatar_large)

    def has_add_permission(self, request: object) -> bool:
        """Allow nobody to add an account: it is created with its user."""
        return False


@admin.register(Session)
class SessionAdmin(AnnouncedAdmin):
    """Signed-in devices. Deleting a session signs the device out."""

    deleted = SESSION_ENDED
    list_display = ("account", "name", "device", "address", "created_at", "last_used_at", "expires_at")
    list_filter = ("last_used_at",)
    list_select_related = ("account",)
    search_fields = ("account__username", "account__email", "name", "address")

    def has_add_permission(self, request: object) -> bool:
        """Allow nobody to add a session: it starts with a sign-in."""
        return False

    def has_change_permission(self, request: object, obj: Session | None = None) -> bool:
        """Allow nobody to change a session: it can only be ended."""
        return False
