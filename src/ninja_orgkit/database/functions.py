"""Database functions that Django lacks, on every database."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from django.db.models.sql.compiler import SQLCompiler

_UUID_PARTS = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
"""Where the groups of digits of a UUID begin, and how long they are."""


class KeyText(Cast):
    """A primary key as the text that ``str`` makes of it, so that the join can use the index on the text column."""

    def __init__(self, key: Combinable, field: models.Field[Any, Any]) -> None:
        super().__init__(key, models.TextField())
        while field.remote_field:
            field = field.remote_field.model._meta.pk
        self.is_uuid = isinstance(field, models.UUIDField)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        """Add the hyphens to a UUID, which SQLite stores as 32 digits."""
        if not self.is_uuid:
            return super().as_sqlite(compiler, connection, **context)
        key, params = compiler.compile(self.source_expressions[0])
        parts = " || '-' || ".join(f"substr({key}, {at}, {n})" for at, n in _UUID_PARTS)
        return parts, [*params] * len(_UUID_PARTS)

    def as_mysql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        """Add the hyphens to a UUID, which MySQL stores as 32 digits, and MariaDB as a type of its own."""
        if not self.is_uuid or connection.features.has_native_uuid_field:
            return super().as_mysql(compiler, connection, **context)
        key, params = compiler.compile(self.source_expressions[0])
        parts = ", ".join(f"substr({key}, {at}, {n})" for at, n in _UUID_PARTS)
        return f"CONCAT_WS('-', {parts})", [*params] * len(_UUID_PARTS)


class JsonArray(models.Func):
    """Collects the rows of a subquery into a JSON array. It is not an ``Aggregate``, which would group the rows."""

    output_field = models.TextField()
    function = "json_group_array"

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        """Use the function of PostgreSQL."""
        return self.as_sql(compiler, connection, function="jsonb_agg", **context)

    def as_mysql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        """Use the function of MariaDB and MySQL."""
        return self.as_sql(compiler, connection, function="JSON_ARRAYAGG", **context)
