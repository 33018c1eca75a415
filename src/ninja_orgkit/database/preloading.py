"""Read what belongs to the objects of a queryset together with them: one more statement for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable

M = TypeVar("M", bound=Model)

_BATCH = 5000
"""How many objects one more statement is for: SQLite takes no more than 32,766 parameters."""
_LOADS = "orgkit_loads"
"""The attribute of a query that names the functions. Clones of the query have it too."""


def preload(queryset: QuerySet[M, M], load: Callable[[Sequence[M]], None]) -> QuerySet[M, M]:
    """Return a queryset that passes its objects to ``load`` as it reads them, up to 5,000 at a time.

    Raises TypeError for a queryset of ``values()``, which has no objects.
    """
    if not issubclass(queryset._iterable_class, ModelIterable):
        raise TypeError("This queryset returns values. Call this function before values() or values_list().")
    rows = queryset.all()
    rows._iterable_class = _Preloaded
    loads = getattr(rows.query, _LOADS, ())
    if load not in loads:
        setattr(rows.query, _LOADS, (*loads, load))
    return rows


class _Preloaded(ModelIterable):  # type: ignore[type-arg]
    """Objects that the functions of their query have seen."""

    def __iter__(self) -> Iterator[Any]:
        found = super().__iter__()
        while batch := list(islice(found, _BATCH)):
            for load in getattr(self.queryset.query, _LOADS):
                load(batch)
            yield from batch
