"""Read all rows as of one moment, however long that takes.

Others can write meanwhile. On SQLite that needs a write-ahead log (``PRAGMA journal_mode=WAL``): without it a writer
waits until everything is read, and fails if that takes longer than its timeout.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ninja_orgkit.database.alias import atomic, kit_connection


@contextmanager
def snapshot() -> Iterator[None]:
    """Run a block in a read transaction that sees the rows as of its first statement.

    Inside a transaction of the caller, use that one unchanged.
    """
    connection = kit_connection()
    if connection.in_atomic_block:
        yield
        return
    with _deferred(connection), atomic():
        if connection.vendor != "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def _deferred(wrapper: Any) -> Iterator[None]:
    """Let SQLite start the transaction as a reader, even if the settings make all others take the write lock."""
    if wrapper.vendor != "sqlite":
        yield
        return
    wrapper.ensure_connection()
    mode, wrapper.transaction_mode = wrapper.transaction_mode, "DEFERRED"
    try:
        yield
    finally:
        wrapper.transaction_mode = mode
