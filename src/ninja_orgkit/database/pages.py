"""Pages of rows in a total order, read by a statement made for them or by a prepared one.

The keyset of a page is the sort value and the public identifier of the row behind which it begins. ``Rows``,
``PreparedRows`` and ``ListedRows`` have the same two methods.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Func, IntegerField, Q, QuerySet

from ninja_orgkit.database.prepared import Parameter, Prepared

AnyRows = QuerySet[Any, Any]
Placed = Callable[[Any], Any]
"""Orders a queryset like a page, and cuts what comes before the page."""
Narrow = Callable[[Any, int, Placed], Any]
"""Narrows the queryset of a page to rows that include its first N, where these are cheaper to read."""


@dataclass(frozen=True)
class Keyset:
    """A total order: a column and the one that breaks ties."""

    column: str
    tie: str
    descending: bool

    def order(self, rows: AnyRows, *, backward: bool) -> AnyRows:
        """Return the rows in this order, or in the opposite one."""
        sign = "-" if self.descending != backward else ""
        return rows.order_by(f"{sign}{self.column}", f"{sign}{self.tie}")

    def after(self, value: Any, tie: Any, *, backward: bool) -> Q:
        """Return the condition on rows that come after the one with these values."""
        side = "lt" if self.descending != backward else "gt"
        # The first condition alone bounds the index scan; the second one cuts equal values.
        bound = Q(**{f"{self.column}__{side}e": value})
        return bound & (Q(**{f"{self.column}__{side}": value}) | Q(**{f"{self.tie}__{side}": tie}))

    def values(self, row: Any) -> list[Any]:
        """Return the sort value and the tie of a row, which is an instance or a dict."""
        return [_get(row, self.column), _get(row, self.tie)]


@dataclass(frozen=True)
class Page:
    """A stretch of rows. With ``started`` it begins behind a row, otherwise at ``offset``; ``stop`` ends it."""

    keyset: Keyset
    backward: bool
    started: bool
    offset: int
    stop: int

    def of(self, rows: AnyRows, start: list[Any], narrow: Narrow | None) -> AnyRows:
        """Return the page as a part of ``rows``; ``start`` is the value and the tie of the row before it, or empty."""

        def place(rows: Any) -> Any:
            found = self.keyset.order(rows, backward=self.backward)
            return found.filter(self.keyset.after(*start, backward=self.backward)) if start else found

        found: AnyRows = place(rows)
        if narrow:
            found = narrow(found, self.stop, place)
        return found[self.offset : self.stop]


@dataclass(frozen=True)
class Rows:
    """Rows of a queryset, whose statement Django builds for each page."""

    queryset: AnyRows
    narrow: Narrow | None = None

    def read(self, page: Page, start: list[Any]) -> list[Any]:
        """Return the rows of a page behind the row with these values, if there is one."""
        return list(page.of(self.queryset, start, self.narrow))

    def count(self) -> int:
        """Return how many rows there are."""
        return self.queryset.order_by().count()


@dataclass(frozen=True)
class PreparedRows:
    """Rows whose pages, and whose count, are prepared statements.

    ``whole`` makes a queryset with as many parameters as ``size`` says, and ``shown`` makes rows of it, which include
    the column that sorts them; ``values`` are those of the parameters.
    """

    whole: Callable[[int], AnyRows]
    shown: Callable[[Any, str], AnyRows]
    size: int
    values: Mapping[str, Any]
    narrow: Narrow | None = None

    def read(self, page: Page, start: list[Any]) -> list[Any]:
        """Return the rows of a page behind the row with these values, if there is one."""
        given = dict(zip(("value", "tie"), start, strict=False))
        prepare = _page_of if page.offset else first_page_of
        return prepare(self.whole, self.shown, self.size, page, self.narrow).run(**self.values, **given)

    def count(self) -> int:
        """Return how many rows there are."""
        return _count_of(self.whole, self.size).run(**self.values)[0]


@dataclass(frozen=True)
class ListedRows:
    """Rows that are not in the database: dicts whose sort values can be compared."""

    rows: Sequence[Mapping[str, Any]]

    def read(self, page: Page, start: list[Any]) -> list[Any]:
        """Return the rows of a page behind the row with these values, if there is one."""
        reverse = page.keyset.descending != page.backward
        found = sorted(self.rows, key=page.keyset.values, reverse=reverse)
        if start:
            values = page.keyset.values
            found = [row for row in found if (values(row) < start if reverse else values(row) > start)]
        return found[page.offset : page.stop]

    def count(self) -> int:
        """Return how many rows there are."""
        return len(self.rows)


def _page_of(whole: Any, shown: Any, size: int, page: Page, narrow: Narrow | None) -> Prepared[Any]:
    def build() -> AnyRows:
        rows = shown(whole(size), page.keyset.column)
        columns = {"value": page.keyset.column, "tie": page.keyset.tie} if page.started else {}
        return page.of(rows, [Parameter(name, _field(rows, column)) for name, column in columns.items()], narrow)

    return Prepared(build)


# Pages at an offset are not kept: there is one for each, and a client that walks them would drive out all the others.
first_page_of = lru_cache(maxsize=128)(_page_of)


@lru_cache(maxsize=128)
def _count_of(whole: Any, size: int) -> Prepared[int]:
    # Not ``Count``, which would group the rows.
    each = Func(template="COUNT(*)", output_field=IntegerField())
    return Prepared(lambda: whole(size).order_by().values_list(each, flat=True))


def _field(rows: AnyRows, column: str) -> Any:
    computed = rows.query.annotations.get(column)
    return rows.model._meta.get_field(column) if computed is None else computed.output_field


def _get(row: Any, name: str) -> Any:
    if isinstance(row, dict):
        return row[name]
    for part in name.split("__"):
        row = getattr(row, part)
    return row
