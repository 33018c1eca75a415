"""Contacts in Django's admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.custom.forms import JSON_OBJECTS
from ninja_orgkit.database.searching import search_terms


@admin.register(Contact)
class ContactAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Contacts of all organizations."""

    list_display = ("display_name", "email", "phone", "organization", "creator", "updated_at")
    list_filter = ("created_at",)
    list_select_related = ("organization", "creator")
    search_fields = ("search_text__contains",)
    search_help_text = "Names, e-mail, phone or notes"
    ordering = ("-updated_at",)
    raw_id_fields = ("organization", "creator")
    formfield_overrides = JSON_OBJECTS

    def get_readonly_fields(self, request: HttpRequest, obj: Contact | None = None) -> tuple[str, ...]:
        """Fix the organization of an existing contact: its tags and images belong there too."""
        fixed = ("slug", "created_at", "updated_at")
        return ("organization", *fixed) if obj else fixed

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str) -> Any:
        """Search as the API does."""
        return super().get_search_results(request, queryset, " ".join(search_terms(search_term)))
