"""Statements that Django compiles once: the few that nearly every request runs.

It takes longer to build and compile a queryset than to run it. A prepared queryset has a ``Parameter`` in the place of
each value, and is built and compiled when it runs for the first time. Each run binds the values and converts the rows
as Django does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Col
from django.db.models.query import FlatValuesListIterable, ValuesIterable
from django.db.models.sql.compiler import SQLCompiler
from pydantic_core import from_json

R = TypeVar("R")
M = TypeVar("M", bound=models.Model)


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
    """A queryset of ``values()`` or ``values_list()`` of a fixed shape: only its parameters differ between two runs.

    ``build`` is called at the first run, when all models are loaded. Many threads may run the queryset at once.
    """

    def __init__(self, build: Callable[[], models.QuerySet[Any, R]]) -> None:
        self._build = build
        self._statements: dict[str, _Statement] = {}

    @cached_property
    def _rows(self) -> models.QuerySet[Any, R]:
        return self._build()

    @property
    def db(self) -> str:
        """The alias of the database that the router chooses now."""
        return self._rows.db

    def run(self, **values: Any) -> list[R]:
        """Return the rows for these parameters."""
        connection = connections[self.db]
        statement = self._statements.get(connection.alias)
        if statement is None:
            statement = self._statements[connection.alias] = _compile(self._rows, connection.alias)
        given = [item.bound(values, connection) if isinstance(item, Parameter) else item for item in statement.params]
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, given)
            found = cursor.fetchall()
        return statement.read(found, connection)

    def first(self, **values: Any) -> R | None:
        """Return the first row for these parameters, None if there is none."""
        return next(iter(self.run(**values)), None)


class Columns(Generic[M]):
    """The columns of a model that rows of ``values_list()`` hold next to each other, and the instance that they make.

    They are all columns of the model but those that ``without`` names, which are deferred. ``path`` leads to the model.
    """

    def __init__(self, model: type[M], *, without: Collection[str] = (), path: str = "") -> None:
        self._model = model
        self._names = [field.attname for field in model._meta.concrete_fields if field.attname not in without]
        self.paths = [f"{path}{name}" for name in self._names]

    def read(self, row: Sequence[Any], db: str) -> tuple[M, Sequence[Any]]:
        """Return the instance that a row from this database begins with, and the rest of the row."""
        size = len(self._names)
        return self._model.from_db(db, self._names, row[:size]), row[size:]


@dataclass(frozen=True)
class _Statement:
    """A compiled queryset. ``shape`` makes a row of a tuple; ``converted`` are the columns that Django converts."""

    sql: str
    params: Sequence[Any]
    shape: Callable[[Sequence[Any]], Any] | None
    converted: Sequence[tuple[int, Sequence[Callable[..., Any]], Any]]

    def read(self, found: Iterable[Sequence[Any]], connection: BaseDatabaseWrapper) -> list[Any]:
        if self.converted:
            found = rows = [list(row) for row in found]
            for at, converters, expression in self.converted:
                for row in rows:
                    for convert in converters:
                        row[at] = convert(row[at], expression, connection)
        return [self.shape(row) for row in found] if self.shape else [tuple(row) for row in found]


def _compile(rows: models.QuerySet[Any, Any], alias: str) -> _Statement:
    compiler = rows.query.get_compiler(alias)
    sql, params = compiler.as_sql()
    columns = [column for column, *_ in compiler.select[: compiler.col_count]]
    converted = [
        (at, _quick(convert, column), column) for at, (convert, column) in compiler.get_converters(columns).items()
    ]
    return _Statement(sql, params, _shape(rows), converted)


def _shape(rows: models.QuerySet[Any, Any]) -> Callable[[Sequence[Any]], Any] | None:
    if rows._iterable_class is ValuesIterable:
        names = list(rows.query.selected or ())
        return lambda row: dict(zip(names, row, strict=True))
    return (lambda row: row[0]) if rows._iterable_class is FlatValuesListIterable else None


def _quick(converters: Sequence[Callable[..., Any]], column: Any) -> Sequence[Callable[..., Any]]:
    """Return the converters of a column, for JSON one that gives the same in a tenth of the time."""
    field = getattr(column, "output_field", None)
    if isinstance(column, Col) and type(field) is models.JSONField and field.decoder is None:
        return [_json]
    return converters


def _json(value: Any, _expression: Any, _connection: BaseDatabaseWrapper) -> Any:
    return value if value is None else from_json(value)
