"""Tags in Django's admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from ninja_orgkit.audit.actions import TAG_CREATED, TAG_DELETED, TAG_UPDATED
from ninja_orgkit.audit.staff import AnnouncedAdmin
from ninja_orgkit.database.keys import search_key
from ninja_orgkit.files.admin import number_of
from ninja_orgkit.tags.models import Tag, TagAssignment


@admin.register(Tag)
class TagAdmin(AnnouncedAdmin):
    """Tags of all organizations."""

    added, changed, deleted = TAG_CREATED, TAG_UPDATED, TAG_DELETED
    list_display = ("name", "slug", "organization", "color", "uses", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("organization__personal_of",)
    search_fields = ("sort_key", "slug", "organization__sort_key")
    search_help_text = gettext_lazy("Name, slug or organization")
    raw_id_fields = ("organization",)

    def get_readonly_fields(self, request: HttpRequest, obj: Tag | None = None) -> tuple[str, ...]:
        """Fix the organization of an existing tag: the objects that have it belong there too."""
        return ("organization", "created_at") if obj else ("created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        """Count the uses in the same statement."""
        tags: QuerySet[Tag] = super().get_queryset(request)
        return tags.annotate(uses=number_of(TagAssignment.objects.all(), "tag"))

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Tag], search_term: str) -> Any:
        """Search as the API does."""
        return super().get_search_results(request, queryset, search_key(search_term))

    def uses(self, tag: Tag) -> int:
        """Return the number of objects that have the tag."""
        return int(tag.uses)  # type: ignore[attr-defined]  # annotated above
