"""Unique constraints of the database, turned into errors of the kit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, models

from ninja_orgkit.database.alias import atomic
from ninja_orgkit.errors import OrgKitError


@contextmanager
def constraint_errors(model: type[models.Model], **errors: type[OrgKitError]) -> Iterator[None]:
    """Run a block in a savepoint, and turn a violated constraint into an error.

    ``errors`` gives the error for each named unique constraint of ``model``. Any other IntegrityError passes through.
    """
    try:
        with atomic():
            yield
    except IntegrityError as exc:
        for name, error in errors.items():
            if _violates(exc, model, name):
                raise error from exc
        raise


def _violates(exc: IntegrityError, model: type[models.Model], name: str) -> bool:
    """Tell whether an exception is about a constraint. PostgreSQL and MariaDB name it, SQLite only its columns."""
    text = str(exc)
    # Quoted, and at its place, because the text also has the value, which is a client's.
    if (
        f'constraint "{name}"' in text
        or f"for key '{name}'" in text
        or f"for key '{model._meta.db_table}.{name}'" in text
    ):
        return True
    constraint = next(item for item in model._meta.constraints if item.name == name)
    column_of = {field.name: field.column for field in model._meta.concrete_fields}
    fields = getattr(constraint, "fields", ())
    listed = ", ".join(f"{model._meta.db_table}.{column_of[field]}" for field in fields)
    return bool(fields) and f"constraint failed: {listed}" in text and text.endswith(listed)
