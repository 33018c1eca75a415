"""Statements that Django compiles once: the few that nearly every request runs.

It takes longer to build and compile a queryset than to run it. A prepared queryset has a ``Parameter`` in the place of
each value, and is built and compiled when it runs for the first time. Each run binds the values and reads the rows as
Django does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

R = TypeVar("R")


class Parameter(models.Expression):
    """A placeholder for a value that each run passes by this name. ``field`` converts it for the database."""

    def __init__(self, name: str, field: models.Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        """Return a placeholder whose value is this parameter, to be bound later."""
        return "%s", [self]

    def bound(self, values: Mapping[str, Any], connection: BaseDatabaseWrapper) -> Any:
        """Return the value as the database takes it."""
        return self.output_field.get_db_prep_value(values[self.name], connection)


class Prepared(Generic[R]):
    """A queryset of a fixed shape: only its parameters may differ between two runs.

    ``build`` is called at the first run, when all models are loaded. Many threads may run the queryset at once.
    """

    def __init__(self, build: Callable[[], models.QuerySet[Any, R]]) -> None:
        self._build = build
        self._compiled: dict[str, tuple[SQLCompiler, str, tuple[Any, ...]]] = {}

    @cached_property
    def _rows(self) -> models.QuerySet[Any, R]:
        return self._build()

    def run(self, **values: Any) -> list[R]:
        """Return the rows for these parameters, from the database that the router chooses now."""
        rows = self._rows.using(self._rows.db)
        if rows.db not in self._compiled:
            compiler = rows.query.get_compiler(rows.db)
            self._compiled[rows.db] = (compiler, *compiler.as_sql())
        compiler, sql, params = self._compiled[rows.db]
        mine: Any = copy(compiler)
        mine.connection = connections[rows.db]  # the connection of this thread
        given = tuple(item.bound(values, mine.connection) if isinstance(item, Parameter) else item for item in params)
        mine.as_sql = lambda: (sql, given)
        rows.query.get_compiler = lambda *_args, **_kwargs: mine  # type: ignore[method-assign]
        return list(rows)

    def first(self, **values: Any) -> R | None:
        """Return the first row for these parameters, None if there is none."""
        return next(iter(self.run(**values)), None)
