"""A slice of the contacts of several organizations, read as cheaply as one of a single organization."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from django.db import connections, models
from django.db.models.expressions import RawSQL


class ContactQuerySet(models.QuerySet[Any, Any]):
    """Contacts, which can be those of several organizations."""

    _across: tuple[int, ...] = ()

    def across(self, organizations: Iterable[int]) -> Self:
        """Return the contacts of these organizations (primary keys)."""
        keys = tuple(organizations)
        rows = self.filter(organization=keys[0]) if len(keys) == 1 else self.filter(organization__in=keys)
        rows._across = keys
        return rows

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone._across = self._across
        return clone

    def __getitem__(self, part: Any) -> Any:
        """Return a slice. PostgreSQL merges it from a slice of each organization, each read in the order of an index.

        ``organization IN (...) ORDER BY name`` would sort every contact of all of them.
        """
        several = len(self._across) > 1 and connections[self.db].vendor == "postgresql"
        if not several or not isinstance(part, slice) or part.stop is None or self._result_cache is not None:
            return super().__getitem__(part)
        return self._merged(part.stop)[part]

    def _merged(self, stop: int) -> Self:
        """Return the first ``stop`` rows of each organization."""
        rows = self.all()
        rows._across = ()
        part, params = rows.filter(organization=RawSQL("across.id", ())).values("pk")[:stop].query.sql_with_params()
        # Made of what Django has compiled and of our own names.
        found = (
            f'"{self.model._meta.db_table}"."id" IN (SELECT part.key FROM unnest(%s::bigint[]) AS across(id) '  # noqa: S608
            f"CROSS JOIN LATERAL ({part}) AS part(key))"
        )
        keys = list(self._across)
        return rows.filter(RawSQL(found, (keys, *params), output_field=models.BooleanField()))  # noqa: S611
