"""Emptying the database after a test with transactions of its own, cheaply.

Django then looks at all models anew, to write their content types and permissions. These are the same each time, so
they are kept from the first time and written with two statements.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.sql import emit_post_migrate_signal

_kept: dict[str, tuple[list[ContentType], list[Permission]]] = {}


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
