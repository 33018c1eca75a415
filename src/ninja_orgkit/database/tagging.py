"""Filters by tags, for lists that cannot know the app of tags: a host may have left it out."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet


@dataclass(frozen=True)
class TagTerms:
    """Slugs of tags: an object has all of these, at least one of those if there are any, and none of the others."""

    all_of: Collection[str] = ()
    any_of: Collection[str] = ()
    none_of: Collection[str] = ()

    def slugs(self) -> list[str]:
        """Return all slugs, each of them once."""
        return list(dict.fromkeys([*self.all_of, *self.any_of, *self.none_of]))


Finder = Callable[[QuerySet[Any, Any], Collection[int], TagTerms], QuerySet[Any, Any]]
_finders: list[Finder] = []


def find_with(finder: Finder) -> None:
    """Let ``find_tagged`` use this function. The app of tags calls it."""
    _finders[:] = [finder]


def find_tagged(rows: Any, organizations: Collection[int], terms: TagTerms) -> Any:
    """Return those rows, of organizations (primary keys), whose tags match. Without the app, no tag exists."""
    for finder in _finders:
        return finder(rows, organizations, terms)
    return rows.none() if terms.all_of or terms.any_of else rows
