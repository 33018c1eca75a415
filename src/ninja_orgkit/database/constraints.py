"""Unique constraints have the last word; here what they refuse becomes an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, models, transaction

from ninja_orgkit.errors import OrgKitError


@contextmanager
def refusing(model: type[models.Model], **errors: type[OrgKitError]) -> Iterator[None]:
    """Run a block in a savepoint and raise the error given for the named unique constraint that it violates."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as exc:
        for name, error in errors.items():
            if _violates(exc, model, name):
                raise error from exc
        raise


def _violates(exc: IntegrityError, model: type[models.Model], name: str) -> bool:
    """Tell whether the exception is about the constraint: PostgreSQL names it, SQLite names its columns."""
    text = str(exc)
    if name in text:
        return True
    constraint = next(item for item in model._meta.constraints if item.name == name)
    column_of = {field.name: field.column for field in model._meta.concrete_fields}
    fields = getattr(constraint, "fields", ())
    listed = ", ".join(f"{model._meta.db_table}.{column_of[field]}" for field in fields)
    return bool(fields) and f"constraint failed: {listed}" in text and text.endswith(listed)
