"""Insert many rows at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def insert(rows: Iterable[Any]) -> list[Any]:
    """Insert rows of one model in one statement, and return them with their keys, which MySQL does not tell."""
    new = list(rows)
    manager = type(new[0])._default_manager
    manager.bulk_create(new)
    if new[0].pk is None:
        keys = manager.order_by("-pk").values_list("pk", flat=True)[: len(new)]
        for row, key in zip(new, reversed(keys), strict=True):
            row.pk = key
    return new
