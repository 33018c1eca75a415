"""Emptying the database after a test with transactions of its own, cheaply.

Django truncates all tables of PostgreSQL then, which makes new files for each of them, and looks at all models anew, to
write their content types and permissions. Here the rows are deleted, because there are few; and what has to be in an
empty database is the same each time, so it is kept from the first time and written with two statements.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.sql import emit_post_migrate_signal, sql_flush
from django.db.backends.base.base import BaseDatabaseWrapper

_kept: dict[str, tuple[list[ContentType], list[Permission]]] = {}


def statements(style: Any, connection: BaseDatabaseWrapper, **options: Any) -> list[str]:
    """Return what empties all tables; takes the place of ``sql_flush`` in ``flush``."""
    if connection.vendor != "postgresql":
        return sql_flush(style, connection, **options)
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    deletions = "; ".join(f"DELETE FROM {connection.ops.quote_name(table)}" for table in tables)
    # As a replica, the server checks no foreign keys, and no trigger keeps the events.
    return [f"SET LOCAL session_replication_role = replica; {deletions}"]


def restore(verbosity: int, interactive: bool, db: str, **options: Any) -> None:
    """Write what an empty database has to have; takes the place of ``emit_post_migrate_signal`` in ``flush``."""
    if db not in _kept:
        emit_post_migrate_signal(verbosity, interactive, db, **options)
        _kept[db] = list(ContentType.objects.using(db)), list(Permission.objects.using(db))
        return
    kinds, permissions = _kept[db]
    ContentType.objects.clear_cache()
    ContentType.objects.using(db).bulk_create(kinds)
    Permission.objects.using(db).bulk_create(permissions)
