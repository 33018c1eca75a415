"""Read the rows of every registered kind, and write them as JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from django.db.models import Model, QuerySet
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_json

from ninja_orgkit.registry import ExportKind, StoredFile, export_kinds

_FETCH = 1000


class RowKind:
    """A kind of rows: its columns, their sources, and which of them are stored files."""

    def __init__(self, registered: ExportKind) -> None:
        self.name = registered.kind
        self._row: type[BaseModel] = registered.row
        self._rows = registered.rows

    @cached_property
    def columns(self) -> list[str]:
        """The names of the columns, in the order of the row model."""
        return list(self._row.model_fields)

    @cached_property
    def paths(self) -> list[str]:
        """The ORM path of each column."""
        return [path_of(name, field) for name, field in self._row.model_fields.items()]

    @cached_property
    def files(self) -> dict[str, StoredFile]:
        """The columns that hold stored files."""
        marked = {
            name: next((item for item in field.metadata if isinstance(item, StoredFile)), None)
            for name, field in self._row.model_fields.items()
        }
        return {name: marker for name, marker in marked.items() if marker is not None}

    def read(self, organization: Model) -> Iterator[dict[str, Any]]:
        """Yield the rows of an organization as plain JSON values, one at a time."""
        found = self._rows(organization)
        if isinstance(found, QuerySet):
            ordered = found if found.ordered else found.order_by("pk")
            found = ordered.values(*self.paths).iterator(chunk_size=_FETCH)
        validate = self._row.model_validate
        for values in found:
            yield validate(values).model_dump(mode="json")


def path_of(name: str, field: FieldInfo) -> str:
    """Return the ORM path of a field of a row model."""
    return field.validation_alias if isinstance(field.validation_alias, str) else name


def row_kinds() -> list[RowKind]:
    """Return every kind of rows in an export."""
    return [RowKind(registered) for registered in export_kinds()]


def json_line(row: dict[str, Any]) -> bytes:
    """Return a row as a line of JSON."""
    return to_json(row) + b"\n"
