"""What the pages of Django's admin share: lists that stay fast in big tables, and links to stored files."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ninja_orgkit.conf import settings
from ninja_orgkit.media.links import media_token

_MAX_COUNTED = 10_000
_NOTHING = "–"


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """A paginator that counts up to 10,000 rows, so that it never reads a whole table. Filters find the others."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows, 10,000 at most."""
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[:_MAX_COUNTED].count())


class ListAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """The admin of a table that may have millions of rows: sorted by its key, and nothing is counted to the end."""

    ordering = ("-pk",)
    paginator = BoundedPaginator
    show_full_result_count = False


class ValuesFilter(admin.SimpleListFilter):
    """Filters by values that the code knows, so that no statement looks for them in the whole table."""

    def values(self) -> Iterable[str]:
        """Return the values that the field ``parameter_name`` can have."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer each value."""
        return [(value, value) for value in self.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows that have the chosen value."""
        return queryset.filter(**{self.parameter_name or "": self.value()}) if self.value() else queryset


def number_of(links: QuerySet[Any], field: str) -> Coalesce:
    """Return the number of links to each row, to annotate a list with: only the rows of a page are counted.

    ``field`` is the foreign key of the links.
    """
    counted = links.filter(**{field: OuterRef("pk")}).order_by().values(field).annotate(number=Count("pk"))
    return Coalesce(Subquery(counted.values("number")), 0, output_field=IntegerField())


def file_link(name: str, text: str) -> str:
    """Return a link to a stored file, signed like those in the API, or a dash without a file."""
    return format_html('<a href="{}" rel="noreferrer" target="_blank">{}</a>', _url(name), text) if name else _NOTHING


def picture(name: str, *, size: int, target: str = "") -> str:
    """Return a stored picture within ``size`` pixels, or a dash. It links to the stored file ``target``."""
    if not name:
        return _NOTHING
    shown: SafeString = format_html(
        '<img src="{}" alt="" loading="lazy" style="max-width: {}px; max-height: {}px">', _url(name), size, size
    )
    return file_link(target, shown) if target else shown


def _url(name: str) -> str:
    return f"{settings.API_URL}/media/{media_token(name)}"
