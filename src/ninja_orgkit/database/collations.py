"""Text columns that compare by bytes, on the databases that would compare otherwise.

The kit's keys are canonical already: what folds case or accents has been folded. A collation of the database would fold
or sort again, in its own way. So after each migration, columns of the kit get a collation that compares bytes:

- On MariaDB and MySQL all text columns, because ``é`` and ``e`` would be one tag. Foreign keys keep theirs, because it
  has to be that of the column that they point at.
- On PostgreSQL the keys, which sort lists. Other texts are equal only if their bytes are. They keep their collation,
  which folds their case in a search of the admin, and by which they join with the keys of a host's rows.
"""

from __future__ import annotations

import re
from typing import Any

from django.apps import AppConfig
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

_MYSQL_COLUMNS = """
    SELECT table_name, column_name, column_type, is_nullable = 'YES' FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name IN %s AND collation_name <> %s
"""
_POSTGRESQL_COLUMNS = """
    SELECT pg_class.relname, attname, format_type(atttypid, atttypmod), NOT attnotnull
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE attrelid = ANY(SELECT to_regclass(quote_ident(name)) FROM unnest(%s::text[]) AS name) AND collname <> %s
"""
_ANY = re.compile("")
_KEY = re.compile("(slug|_key|_sort)$")
"""The names of the columns that sort lists."""


def compare_by_bytes(sender: AppConfig, using: str, **_kwargs: Any) -> None:
    """Give the text columns of an app a collation that compares bytes; a receiver of ``post_migrate``."""
    connection = connections[using]
    if connection.vendor == "mysql":
        columns, change, names = _MYSQL_COLUMNS, "MODIFY {name} {kind} COLLATE {collation} {null}", _ANY
    elif connection.vendor == "postgresql":
        columns, change, names = _POSTGRESQL_COLUMNS, 'ALTER {name} TYPE {kind} COLLATE "{collation}"', _KEY
    else:
        return
    texts = {
        (model._meta.db_table, field.column)
        for model in sender.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.CharField | models.TextField) and names.search(field.attname)
    }
    if not texts:
        return
    collation, quote = _collation(connection), connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(columns, [sorted({table for table, _ in texts}), collation])
        changes: dict[str, list[str]] = {}
        for table, column, kind, nullable in cursor.fetchall():
            if (table, column) in texts:
                null = "NULL" if nullable else "NOT NULL"
                part = change.format(name=quote(column), kind=kind, collation=collation, null=null)
                changes.setdefault(table, []).append(part)
        for table, parts in changes.items():
            cursor.execute(f"ALTER TABLE {quote(table)} {', '.join(parts)}")


def _collation(connection: BaseDatabaseWrapper) -> str:
    """Return the name of the collation that compares bytes, blanks at the end included."""
    if connection.vendor == "postgresql":
        return "C"
    return "utf8mb4_nopad_bin" if getattr(connection, "mysql_is_mariadb", False) else "utf8mb4_0900_bin"
