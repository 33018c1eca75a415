"""Insert many rows of plain values. Making an instance of a model for each row takes longer than inserting it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from django.db import connections, models, router
from django.db.models.constants import OnConflict


def insert_rows(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]], *, ignore_conflicts: bool = False
) -> None:
    """Insert rows as ``bulk_create`` does, without instances.

    ``columns`` are the names of all columns that must have a value, the key aside. The values are numbers, texts and
    None. With ``ignore_conflicts``, rows that are there already stay as they are. Takes as many statements as
    ``bulk_create``: a single one on PostgreSQL, and no more elsewhere unless the database limits parameters.
    """
    connection = connections[router.db_for_write(model)]
    ops, is_postgresql = connection.ops, connection.vendor == "postgresql"
    fields: list[Any] = [model._meta.get_field(name) for name in columns]
    on_conflict = OnConflict.IGNORE if ignore_conflicts else None
    into = ", ".join(ops.quote_name(field.column) for field in fields)
    begin = f"{ops.insert_statement(on_conflict)} {ops.quote_name(model._meta.db_table)} ({into})"
    end = ops.on_conflict_suffix_sql(fields, on_conflict, [], [])
    # One parameter for each column, or one for each value.
    arrays = ", ".join(f"%s::{field.db_type(connection)}[]" for field in fields)
    placeholders = f"({', '.join(['%s'] * len(fields))})"
    size = max(1, len(rows) if is_postgresql else ops.bulk_batch_size(fields, rows))
    with connection.cursor() as cursor:
        for start in range(0, len(rows), size):
            batch = rows[start : start + size]
            if is_postgresql:
                params = [list(column) for column in zip(*batch, strict=True)]
                cursor.execute(f"{begin} SELECT * FROM UNNEST({arrays}) {end}", params)  # noqa: S608  # names of columns
            else:
                cursor.execute(f"{begin} VALUES {', '.join([placeholders] * len(batch))} {end}", [*chain(*batch)])
