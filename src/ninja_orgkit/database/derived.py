"""Columns whose values follow from other columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

from django.db import models

_BATCH = 500


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

    For a migration, whose models have no ``derive``, after a change of what the columns follow from.
    """
    found = rows.order_by("pk")
    batch = list(found[:_BATCH])
    while batch:
        changed = []
        for row in batch:
            values = {column: derive(row) for column, derive in columns.items()}
            if any(getattr(row, column) != value for column, value in values.items()):
                vars(row).update(values)
                changed.append(row)
        rows.bulk_update(changed, list(columns))
        batch = list(found.filter(pk__gt=batch[-1].pk)[:_BATCH])
