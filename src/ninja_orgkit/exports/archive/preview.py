"""Make the ``index.html`` of an archive, which shows its content offline and is safe to open."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.template.loader import render_to_string

MAX_ROWS = 100
MAX_PICTURES = 300

_MAX_CELL_LENGTH = 200


@dataclass
class Table:
    """The first rows of one kind."""

    kind: str
    columns: list[str]
    data: str
    csv: str
    rows: list[list[dict[str, str]]] = field(default_factory=list)
    count: int = 0

    @property
    def title(self) -> str:
        """The kind as a heading."""
        return self.kind.replace("_", " ").replace(".", " · ").capitalize()

    @property
    def hidden(self) -> int:
        """The number of rows that are not shown."""
        return self.count - len(self.rows)


@dataclass
class Picture:
    """A picture of the gallery."""

    path: str
    caption: str

    @property
    def href(self) -> str:
        """The path as a relative URL."""
        return quote(self.path)


class Preview:
    """Collects what the page shows while the archive is written. Its memory use is bounded."""

    def __init__(self) -> None:
        self.tables: list[Table] = []
        self._pictures: list[Picture] = []
        self._picture_count = 0
        self._linked: dict[str, dict[str, str]] = {}

    def begin(self, kind: str, columns: list[str], *, data: str, csv: str) -> None:
        """Start the table of a kind. ``data`` and ``csv`` are the paths of its files."""
        self.tables.append(Table(kind, columns, data, csv))

    def add(self, row: dict[str, Any], files: dict[str, str]) -> None:
        """Add a row to the last table. ``files`` maps columns to their paths in the archive."""
        table = self.tables[-1]
        table.count += 1
        if len(table.rows) < MAX_ROWS:
            cells = {name: _cell(value, files.get(name)) for name, value in row.items()}
            table.rows.append(list(cells.values()))
            self._linked |= {path: cells[name] for name, path in files.items()}

    def add_picture(self, path: str, caption: str) -> None:
        """Add a picture to the gallery."""
        self._picture_count += 1
        if len(self._pictures) < MAX_PICTURES:
            self._pictures.append(Picture(path, caption))

    def counts(self) -> dict[str, int]:
        """Return the number of rows of each kind."""
        return {table.kind: table.count for table in self.tables}

    def render(self, *, missing: Iterable[str], **context: Any) -> bytes:
        """Return the page. ``missing`` gives the paths of files that are not in the archive."""
        gallery = {picture.path: picture for picture in self._pictures}
        shown, count = [], 0
        for path in missing:
            gallery.pop(path, None)
            if path in self._linked:
                self._linked[path]["href"] = ""
            count += 1
            if count <= MAX_ROWS:
                shown.append(path)
        page = {
            "tables": self.tables,
            "pictures": list(gallery.values()),
            "hidden_pictures": self._picture_count - len(self._pictures),
            "missing": shown,
            "hidden_missing": count - len(shown),
            **context,
        }
        return render_to_string("orgkit/export/index.html", page).encode()


def _cell(value: Any, path: str | None) -> dict[str, str]:
    text = value if isinstance(value, str) else "" if value in (None, {}, []) else json.dumps(value, ensure_ascii=False)
    shown = f"{text[:_MAX_CELL_LENGTH]}…" if len(text) > _MAX_CELL_LENGTH else text
    return {"text": shown, "href": quote(path) if path else ""}
