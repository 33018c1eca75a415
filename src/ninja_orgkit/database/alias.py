"""The database of the kit, which need not be ``default``: where the host's routers send the user model.

Every table of the kit is there. Django's ``atomic``, ``on_commit`` and ``connection`` mean the default database, so the
kit uses the functions below instead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.contrib.auth import get_user_model
from django.db import OperationalError, connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

P = ParamSpec("P")
R = TypeVar("R")
View = TypeVar("View", bound=Callable[..., Any])

_TRIES = 5
_MYSQL_DEADLOCK = 1213
_POSTGRESQL_DEADLOCK = "40P01"


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
        self._block = transaction.atomic(using=kit_alias())
        self._block.__enter__()

    def __exit__(self, *raised: Any) -> None:
        """Commit, or roll back if the block raised."""
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


def without_atomic_requests(view: View) -> View:
    """Exempt a view from the ATOMIC_REQUESTS of every database.

    Ninja turns exceptions into responses, so a transaction around the view would commit half of the work.
    """
    for alias in connections:
        transaction.non_atomic_requests(alias)(view)
    return view
