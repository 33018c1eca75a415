"""The database of the kit, which need not be ``default``: where the host's routers send the user model.

Every table of the kit is there. Django's ``atomic``, ``on_commit`` and ``connection`` mean the default database, so the
kit uses the functions below instead.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.contrib.auth import get_user_model
from django.db import OperationalError, connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., Any])

_TRIES = 5
_MYSQL_DEADLOCK = 1213
_POSTGRESQL_DEADLOCK = "40P01"
_IN_BLOCK = "_orgkit_in_block"
"""Marks a connection that is in a block of ``atomic``."""


def kit_alias() -> str:
    """Return the alias, in ``DATABASES``, of the database that has the tables of the kit."""
    return router.db_for_write(get_user_model())


def kit_connection() -> BaseDatabaseWrapper:
    """Return this thread's connection to the database of the kit."""
    return connections[kit_alias()]


class Atomic:
    """What ``atomic`` returns."""

    def __enter__(self) -> None:
        """Begin a transaction, or a savepoint inside one."""
        self._connection = kit_connection()
        self._block = transaction.atomic(using=self._connection.alias)
        self._block.__enter__()
        self._is_outermost = not vars(self._connection).get(_IN_BLOCK)
        setattr(self._connection, _IN_BLOCK, True)

    def __exit__(self, *raised: Any) -> None:
        """Write what waits for the end of the outermost block, and commit; or roll back if the block raised."""
        if self._is_outermost:
            setattr(self._connection, _IN_BLOCK, False)
            if raised[0] is None and not self._connection.needs_rollback:
                try:
                    _write_waiting(self._connection)
                except BaseException:
                    self._block.__exit__(*sys.exc_info())
                    raise
        self._block.__exit__(*raised)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Let a function run in a transaction. It is called again if that one fails because of a deadlock."""

        @wraps(function)
        def in_transaction(*args: P.args, **kwargs: P.kwargs) -> R:
            for left in reversed(range(_TRIES)):
                try:
                    with atomic():
                        return function(*args, **kwargs)
                except OperationalError as exc:
                    # Inside another transaction, the database has rolled back all of that.
                    if not left or kit_connection().in_atomic_block or not is_deadlock(exc):
                        raise
            raise AssertionError

        return in_transaction


def atomic() -> Atomic:
    """Run a block, or with ``@atomic()`` a function, in a transaction of the kit, or in a savepoint inside one.

    MariaDB locks more than a statement needs, so transactions can wait for each other there, and it rolls back all but
    one of them. A decorated function is then called again, up to four times.
    """
    return Atomic()


def is_deadlock(exc: BaseException) -> bool:
    """Tell whether the database has rolled back a transaction because it and another one waited for each other."""
    if not isinstance(exc, OperationalError):
        return False
    return exc.args[:1] == (_MYSQL_DEADLOCK,) or getattr(exc.__cause__, "sqlstate", None) == _POSTGRESQL_DEADLOCK


def on_commit(act: Callable[[], object], *, robust: bool = False) -> None:
    """Call a function after the commit of the current transaction of the kit; at once if there is none.

    If a ``robust`` function fails, that is only logged, and the functions after it are called.
    """
    transaction.on_commit(act, using=kit_alias(), robust=robust)


class _Waiting:
    """A row that is written at the end of the outermost block.

    It waits among what Django calls after the commit. There Django drops it if the savepoint is rolled back in which it
    was added.
    """

    def __init__(self, write: Callable[[list[Any]], object], row: Any) -> None:
        self.write = write
        self.row = row

    def __call__(self) -> None:
        """Do nothing: it has been written before the commit."""


def write_at_end(write: Callable[[list[T]], object], row: T) -> None:
    """Have a row written at the end of the outermost block of ``atomic``, in its transaction; at once outside one.

    ``write`` is called once, with all rows that were given together with it, in their order. The rows of a savepoint
    that is rolled back are dropped.
    """
    connection = kit_connection()
    if vars(connection).get(_IN_BLOCK):
        transaction.on_commit(_Waiting(write, row), using=connection.alias)
    else:
        write([row])


def _write_waiting(connection: BaseDatabaseWrapper) -> None:
    waiting: dict[Callable[[list[Any]], object], list[Any]] = {}
    others = []
    for entry in connection.run_on_commit:
        if isinstance(entry[1], _Waiting):
            waiting.setdefault(entry[1].write, []).append(entry[1].row)
        else:
            others.append(entry)
    if waiting:
        connection.run_on_commit = others
        for write, rows in waiting.items():
            write(rows)


def without_atomic_requests(view: View) -> View:
    """Exempt a view from the ATOMIC_REQUESTS of every database.

    Ninja turns exceptions into responses, so a transaction around the view would commit half of the work.
    """
    for alias in connections:
        transaction.non_atomic_requests(alias)(view)
    return view
