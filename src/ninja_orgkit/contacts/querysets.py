"""Pages of the contacts of several organizations, read as cheaply as those of a single organization."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from django.db import connections, models
from django.db.models.expressions import RawSQL
from django.db.models.lookups import In

from ninja_orgkit.database.prepared import Parameter


class ContactQuerySet(models.QuerySet[Any, Any]):
    """Contacts, which can be those of several organizations."""

    _across: tuple[int | Parameter, ...] = ()

    def across(self, organizations: Iterable[int | Parameter]) -> Self:
        """Return the contacts of these organizations (primary keys)."""
        keys = tuple(organizations)
        # Not ``organization__in``: that takes no parameters.
        rows = self.filter(organization=keys[0]) if len(keys) == 1 else self.filter(In(models.F("organization"), keys))
        rows._across = keys
        return rows

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone._across = self._across
        return clone

    def first_of_each(self, stop: int) -> Self:
        """Return the rows among which the first ``stop`` of this ordered queryset are.

        On PostgreSQL these are the first ``stop`` of each organization, each read in the order of an index;
        ``organization IN (...) ORDER BY name`` would sort every contact of all of them.
        """
        if len(self._across) < 2 or connections[self.db].vendor != "postgresql":
            return self
        return self._merged(stop)

    def _merged(self, stop: int) -> Self:
        """Return the first ``stop`` rows, found among the first ``stop`` of each organization."""
        rows = self.all()
        rows._across = ()
        order = [str(column) for column in rows.query.order_by]
        columns = (column.removeprefix("-") for column in order)
        mine = rows.filter(organization=RawSQL("across.id", ())).values_list("pk", *columns)[:stop]
        part, params = mine.query.get_compiler(self.db).as_sql()
        names = ", ".join(["key", *(f"by{at}" for at in range(len(order)))])
        ways = (f"by{at}{' DESC' * column.startswith('-')}" for at, column in enumerate(order))
        keys = f"ARRAY[{', '.join(['%s'] * len(self._across))}]::bigint[]"
        # Made of what Django has compiled and of our own names.
        found = (
            f'"{self.model._meta.db_table}"."id" IN (SELECT part.key FROM unnest({keys}) AS across(id) '  # noqa: S608
            f"CROSS JOIN LATERAL ({part}) AS part({names}) ORDER BY {', '.join(ways)} LIMIT {stop})"
        )
        return rows.filter(RawSQL(found, (*self._across, *params), output_field=models.BooleanField()))  # noqa: S611
