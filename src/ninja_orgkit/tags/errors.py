"""The errors of tags."""

from __future__ import annotations

from ninja_orgkit.errors import Conflict


class TagExists(Conflict):
    """A tag with this name already exists in this organization."""


class TagSlugTaken(TagExists):
    """A tag with this slug already exists in this organization."""

    code = TagExists.code  # clients see no difference
