"""System check of export rows: columns that cannot be read, or that must not be published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import models

from ninja_orgkit.exports.archive.rows import path_of
from ninja_orgkit.registry import resources
from ninja_orgkit.resources import Resource


@register(Tags.models)
def check_export_rows(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each column of an export row that cannot be read, or that would publish an integer key."""
    return [
        message
        for entry in resources()
        if entry.export is not None
        for name, field in entry.export.model_fields.items()
        for message in _check_path(entry, path_of(name, field))
    ]


def _check_path(entry: Resource, path: str) -> Iterator[CheckMessage]:
    try:
        # This only resolves the names. The query does not run.
        entry.of(0).values(path)
    except FieldError:
        hint = "Use the name of a column, or give its ORM path as validation_alias."
        yield Error(
            f"The export row of {entry.name!r} names {path!r}, but there is no such column.",
            hint=hint,
            obj=entry.model,
            id="orgkit.E030",
        )
        return
    column = _column(entry.model, path)
    if column is None:
        return
    if column.many_to_many or column.one_to_many:
        hint = "Export the related objects as rows of their own."
        yield Error(
            f"The export row of {entry.name!r} names {path!r}, which has many values.",
            hint=hint,
            obj=entry.model,
            id="orgkit.E043",
        )
    elif _is_integer_key(column) and not (entry.numeric_lookup and path in (entry.lookup, "pk")):
        hint = "Name something public instead, such as a slug."
        yield Error(
            f"The export row of {entry.name!r} names {path!r}, which is an integer key.",
            hint=hint,
            obj=entry.model,
            id="orgkit.E044",
        )


def _column(model: type[models.Model], path: str) -> Any:
    """Return the field at the end of a path, None for an annotation or a key inside a JSON column."""
    column: Any = None
    target: Any = model
    for part in path.split("__"):
        if target is None:
            return None
        try:
            column = target._meta.pk if part == "pk" else target._meta.get_field(part)
        except FieldDoesNotExist:
            return None
        if column.many_to_many or column.one_to_many:
            return column
        target = column.related_model if column.is_relation else None
    return column


def _is_integer_key(column: Any) -> bool:
    if column.is_relation:
        column = getattr(column, "target_field", None) or column.related_model._meta.pk
        while column.is_relation:
            column = column.target_field
        return isinstance(column, models.IntegerField)
    return bool(column.primary_key) and isinstance(column, models.IntegerField)
