"""Text columns that compare by bytes, on the databases that would compare otherwise.

The kit's keys are canonical already: what folds case or accents has been folded. MariaDB and MySQL would fold again, by
the collation of the database, so that ``é`` and ``e`` were one tag. After each migration, the text columns of the kit
get a binary collation. Foreign keys keep theirs, because it has to be that of the column that they point at.
"""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

_COLUMNS = """
    SELECT table_name, column_name, column_type, is_nullable FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name IN %s AND collation_name <> %s
"""


def compare_by_bytes(sender: AppConfig, using: str, **_kwargs: Any) -> None:
    """Give the text columns of an app a binary collation; a receiver of ``post_migrate``."""
    connection = connections[using]
    if connection.vendor != "mysql":
        return
    texts = {
        (model._meta.db_table, field.column)
        for model in sender.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.CharField | models.TextField)
    }
    tables = sorted({table for table, _ in texts})
    if not tables:
        return
    collation = _collation(connection)
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [tables, collation])
        changes: dict[str, list[str]] = {}
        for table, column, kind, nullable in cursor.fetchall():
            if (table, column) in texts:
                null = "NULL" if nullable == "YES" else "NOT NULL"
                name = connection.ops.quote_name(column)
                changes.setdefault(table, []).append(f"MODIFY {name} {kind} COLLATE {collation} {null}")
        for table, parts in changes.items():
            cursor.execute(f"ALTER TABLE {connection.ops.quote_name(table)} {', '.join(parts)}")


def _collation(connection: BaseDatabaseWrapper) -> str:
    """Return the name of the collation that compares bytes, blanks at the end included."""
    return "utf8mb4_nopad_bin" if getattr(connection, "mysql_is_mariadb", False) else "utf8mb4_0900_bin"
