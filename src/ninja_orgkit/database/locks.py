"""Rows that are locked until the end of the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import models

from ninja_orgkit.database.alias import kit_connection
from ninja_orgkit.errors import NotFound

M = TypeVar("M", bound=models.Model)

Check = Callable[[], None]
"""Called when a row is locked. Raises when the row is not in the state that the caller expects."""


def lock_of(*relations: str) -> tuple[str, ...]:
    """Return ``of`` for ``select_for_update``: empty on MariaDB, which can only lock the rows of every table."""
    return relations if kit_connection().features.has_select_for_update_of else ()


def lock(rows: models.QuerySet[M], check: Check | None = None) -> M:
    """Lock the row of a queryset that has one, and return it.

    Raises NotFound when there is no row, and what ``check`` raises.
    """
    locked = rows.select_for_update().first()
    if locked is None:
        raise NotFound
    if check is not None:
        check()
    return locked
