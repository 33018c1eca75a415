"""Columns whose values follow from other columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

from django.db import connections, models

_BATCH = 1000


class DerivedColumns(models.Model):
    """A model with derived columns, which ``save`` keeps in step with the columns that they follow from.

    A save of other columns (``update_fields``) leaves them alone, because somebody else may be changing them just then.
    """

    DERIVED: ClassVar[Collection[str]]
    """The columns that ``derive`` sets."""
    DERIVED_FROM: ClassVar[Collection[str]]
    """The columns that these follow from."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row, and with it the derived columns when a column changes that they follow from."""
        changed = kwargs.get("update_fields")
        if changed is None:
            self.derive()
        elif not set(changed).isdisjoint(self.DERIVED_FROM):
            self.derive()
            kwargs["update_fields"] = {*changed, *self.DERIVED}
        super().save(*args, **kwargs)

    def derive(self) -> None:
        """Set the derived columns."""
        raise NotImplementedError


def derive_anew(rows: models.QuerySet[Any], columns: Mapping[str, Callable[[Any], Any]]) -> None:
    """Set columns of all rows to what these functions make of a row, in batches.

    For a migration, whose models have no ``derive``, after a change of what the columns follow from. A batch is sent at
    once, as one statement with many values: ``bulk_update`` builds a statement that is larger than the rows.
    """
    connection, meta = connections[rows.db], rows.model._meta
    quote = connection.ops.quote_name
    fields = [meta.get_field(column) for column in columns]
    changes = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    update = f"UPDATE {quote(meta.db_table)} SET {changes} WHERE {quote(meta.pk.column)} = %s"  # noqa: S608
    found = rows.order_by("pk")
    batch = list(found[:_BATCH])
    while batch:
        changed = []
        for row in batch:
            values = {column: derive(row) for column, derive in columns.items()}
            if any(getattr(row, column) != value for column, value in values.items()):
                stored = [field.get_db_prep_save(values[field.name], connection) for field in fields]
                changed.append([*stored, meta.pk.get_db_prep_save(row.pk, connection)])
        if changed:
            with connection.cursor() as cursor:
                cursor.executemany(update, changed)
        batch = list(found.filter(pk__gt=batch[-1].pk)[:_BATCH])
