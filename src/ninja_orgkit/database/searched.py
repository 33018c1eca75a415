"""Pages of what several organizations have, read as cheaply as those of one, and of what a search finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

from django.db import connections, models
from django.db.models.expressions import RawSQL
from django.db.models.lookups import In

from ninja_orgkit.database.pages import Placed
from ninja_orgkit.database.prepared import Parameter

_WALK = 2000
"""How many rows a search walks along the order before it gathers all hits."""


class SearchedQuerySet(models.QuerySet[Any, Any]):
    """Rows of one or several organizations, with a ``search_text``: contacts and images."""

    _across: tuple[int | Parameter, ...] = ()

    def across(self, organizations: Iterable[int | Parameter]) -> Self:
        """Return the rows of these organizations (primary keys)."""
        keys = tuple(organizations)
        # Not ``organization__in``: that takes no parameters.
        rows = self.filter(organization=keys[0]) if len(keys) == 1 else self.filter(In(models.F("organization"), keys))
        rows._across = keys
        return rows

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone._across = self._across
        return clone

    def searched(self, terms: Iterable[str]) -> Self:
        """Return the rows whose text has all of these terms."""
        rows = self
        for term in terms:
            rows = rows.filter(search_text__contains=term)
        return rows

    def first_of_each(self, stop: int, _place: Placed) -> Self:
        """Return the rows among which the first ``stop`` of this ordered queryset are.

        On PostgreSQL these are the first ``stop`` of each organization, each read in the order of an index;
        ``organization IN (...) ORDER BY name`` would sort every row of all of them.
        """
        if len(self._across) < 2 or not self._is_postgresql():
            return self
        part, params, names, _ = self._first(stop)
        return self._with_keys(f"SELECT key FROM ({part}) AS part({names})", params)  # noqa: S608

    def first_hits(self, stop: int, place: Placed, *, among: Self, terms: Sequence[str]) -> Self:
        """Return the first ``stop`` rows of this ordered queryset: those that have the ``terms`` ``among`` others.

        A frequent term that is spread over the order is found soon by walking along the order, and a rare one by the
        index of the search text. PostgreSQL cannot tell how the hits are spread. So walk a bounded piece, and only if
        that has too few hits, gather all of them and keep the first.
        """
        if not self._is_postgresql():
            return self
        walk, walked, names, ways = place(among)._first(max(1, _WALK // len(self._across)), "search_text")
        hits, gathered = self._compiled("pk", *self._order())
        like = " AND ".join(["text LIKE %s"] * len(terms))
        escape = connections[self.db].ops.prep_for_like_query
        keys = names.removesuffix(", text")
        # OFFSET 0 keeps the planner from walking along the order here, too.
        found = (
            f"WITH walked AS MATERIALIZED (SELECT {keys} FROM ({walk}) AS part({names}) WHERE {like} "  # noqa: S608
            f"ORDER BY {ways} LIMIT {stop}) "
            f"SELECT key FROM walked UNION ALL (SELECT key FROM ({hits} OFFSET 0) AS part({keys}) "
            f"WHERE (SELECT count(*) FROM walked) < {stop} ORDER BY {ways} LIMIT {stop})"
        )
        return self._with_keys(found, (*walked, *(f"%{escape(term)}%" for term in terms), *gathered))

    def _is_postgresql(self) -> bool:
        return bool(connections[self.db].vendor == "postgresql")

    def _order(self) -> list[str]:
        return [str(column).removeprefix("-") for column in self.query.order_by]

    def _first(self, stop: int, *more: str) -> tuple[str, tuple[Any, ...], str, str]:
        """Return SQL for the first ``stop`` rows, its parameters, the names of its columns, and the order by these."""
        columns = [f"by{at}" for at in range(len(self.query.order_by))]
        ways = ", ".join(
            f"{column}{' DESC' * str(by).startswith('-')}"
            for column, by in zip(columns, self.query.order_by, strict=True)
        )
        names = ", ".join(["key", *columns, *("text" for _ in more)])
        if len(self._across) < 2:
            return *self._compiled("pk", *self._order(), *more, stop=stop), names, ways
        rows = self.filter(organization=RawSQL("across.id", ()))
        part, params = rows._compiled("pk", *self._order(), *more, stop=stop)
        keys = f"ARRAY[{', '.join(['%s'] * len(self._across))}]::bigint[]"
        # Made of what Django has compiled and of our own names.
        merged = (
            f"SELECT part.* FROM unnest({keys}) AS across(id) CROSS JOIN LATERAL ({part}) AS part({names}) "  # noqa: S608
            f"ORDER BY {ways} LIMIT {stop}"
        )
        return merged, (*self._across, *params), names, ways

    def _compiled(self, *columns: str, stop: int | None = None) -> tuple[str, tuple[Any, ...]]:
        rows = self.values_list(*columns)[:stop] if stop else self.order_by().values_list(*columns)
        sql, params = rows.query.get_compiler(self.db).as_sql()
        return sql, tuple(params)

    def _with_keys(self, keys: str, params: Iterable[Any]) -> Self:
        found = f'"{self.model._meta.db_table}"."id" = ANY(ARRAY({keys}))'
        return self.filter(RawSQL(found, tuple(params), output_field=models.BooleanField()))  # noqa: S611
