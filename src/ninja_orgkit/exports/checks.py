"""System checks of what a host lets out: row models that name what is not there, or what must not be told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import models

from ninja_orgkit.exports.archive.rows import path_of
from ninja_orgkit.registry import Resource, resources


@register(Tags.models)
def check_export_rows(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each column of an export row that cannot be read, or that would give away an integer key."""
    return [
        Error(f"The export row of {entry.name!r} names {path!r}: {what}", hint=hint, obj=entry.model, id="orgkit.E030")
        for entry in resources()
        for path, what, hint in _problems(entry)
    ]


def _problems(entry: Resource) -> Iterator[tuple[str, str, str]]:
    fields = entry.export.model_fields.items() if entry.export is not None else ()
    for name, field in fields:
        path = path_of(name, field)
        try:
            # Only resolves the names: the query is not run.
            entry.of(0).values(path)
        except FieldError:
            yield path, "no such column.", "Use a column's name, or give its ORM path as validation_alias."
            continue
        column = _column(entry.model, path)
        if column is None:
            continue
        if column.many_to_many or column.one_to_many:
            yield path, "it has many values.", "Export the related objects as rows of their own."
        elif _is_integer_key(column) and not (entry.numeric_lookup and path in (entry.lookup, "pk")):
            yield path, "it is an integer key.", "Name something public instead, like a slug."


def _column(model: type[models.Model], path: str) -> Any:
    """Return the field that a path ends in; None for an annotation or a key inside a JSON column."""
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
