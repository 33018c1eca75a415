"""One consistent view of all rows, however long they take to read.

It keeps nobody from writing, on SQLite only with a write-ahead log (``PRAGMA journal_mode=WAL``): without one a writer
waits until all is read, and fails when that takes longer than its timeout.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Run a block in a read transaction that sees the rows as they are at its first statement.

    Inside a transaction of the caller's that one is used as it is.
    """
    if connection.in_atomic_block:
        yield
        return
    with _deferred(connection), transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def _deferred(wrapper: Any) -> Iterator[None]:
    """Have SQLite begin its transaction as a reader, even where all others take the write lock at once."""
    if wrapper.vendor != "sqlite":
        yield
        return
    wrapper.ensure_connection()
    mode, wrapper.transaction_mode = wrapper.transaction_mode, "DEFERRED"
    try:
        yield
    finally:
        wrapper.transaction_mode = mode
