"""The index behind a search, where the database can have it: trigrams on PostgreSQL.

It is not part of the models' state, so no other database ever hears of it. Migrations create it.
"""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError, transaction

# The organization in the index spares a tenant the matches of all the others; that takes btree_gin.
ATTEMPTS = (
    (("pg_trgm", "btree_gin"), "organization_id, search_text"),
    (("pg_trgm",), "search_text"),
)


def create_search_index(schema_editor: Any, *, table: str, name: str) -> None:
    """Create the best index that this role may create. Searches work without one too, only slower."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    for extensions, columns in ATTEMPTS:
        try:
            with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
                for extension in extensions:
                    cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
                on = schema_editor.quote_name(table)
                cursor.execute(f"CREATE INDEX {name} ON {on} USING gin ({columns} gin_trgm_ops)")
            return
        except DatabaseError:
            # The server lacks the extension, or this role the right to create it.
            continue


def drop_search_index(schema_editor: Any, *, name: str) -> None:
    """Drop the index."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {name}")
