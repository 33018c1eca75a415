"""The database of the kit, which need not be ``default``: where the host's routers send the user model.

Every table of the kit is there. Django's ``atomic``, ``on_commit`` and ``connection`` mean the default database, so the
kit uses the functions below instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.db import connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

View = TypeVar("View", bound=Callable[..., Any])


def kit_alias() -> str:
    """Return the alias, in ``DATABASES``, of the database that has the tables of the kit."""
    return router.db_for_write(get_user_model())


def kit_connection() -> BaseDatabaseWrapper:
    """Return this thread's connection to the database of the kit."""
    return connections[kit_alias()]


@contextmanager
def atomic() -> Iterator[None]:
    """Run a block, or with ``@atomic()`` a function, in a transaction of the kit, or in a savepoint inside one."""
    with transaction.atomic(using=kit_alias()):
        yield


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
