"""Contacts in Django's admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from ninja_orgkit.audit.actions import CONTACT_CREATED, CONTACT_DELETED, CONTACT_UPDATED
from ninja_orgkit.audit.staff import AnnouncedAdmin
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.custom.forms import JSON_OBJECTS
from ninja_orgkit.database.searching import search_terms
from ninja_orgkit.files.admin import picture


@admin.register(Contact)
class ContactAdmin(AnnouncedAdmin):
    """Contacts of all organizations."""

    added, changed, deleted = CONTACT_CREATED, CONTACT_UPDATED, CONTACT_DELETED
    list_display = ("portrait", "display_name", "email", "phone", "organization", "creator", "updated_at")
    list_filter = ("created_at",)
    list_display_links = ("display_name",)
    list_select_related = ("organization__personal_of", "creator")
    search_fields = ("search_text__contains",)
    search_help_text = gettext_lazy("Names, e-mail, phone or notes")
    raw_id_fields = ("organization", "creator")
    formfield_overrides = JSON_OBJECTS

    def get_readonly_fields(self, request: HttpRequest, obj: Contact | None = None) -> tuple[str, ...]:
        """Fix the organization of an existing contact: its tags and images belong there too."""
        fixed = ("avatar_picture", "slug", "created_at", "updated_at")
        return ("organization", *fixed) if obj else fixed

    @admin.display(description="")
    def portrait(self, contact: Contact) -> str:
        """Show the avatar."""
        return picture(contact.avatar, size=40)

    @admin.display(description="avatar")
    def avatar_picture(self, contact: Contact) -> str:
        """Show the avatar, which links to the large one."""
        return picture(contact.avatar, size=160, target=contact.avatar_large)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str) -> Any:
        """Search as the API does."""
        return super().get_search_results(request, queryset, " ".join(search_terms(search_term)))
