"""Register tags, which are exported and purged but cannot be tagged themselves, and the filter by tags."""

from __future__ import annotations

from ninja_orgkit.database.tagging import find_with
from ninja_orgkit.registry import export_rows, register
from ninja_orgkit.tags.models import Tag
from ninja_orgkit.tags.rows import OrgkitTagAssignmentRow, OrgkitTagRow, tag_assignment_rows
from ninja_orgkit.tags.selectors import tagged_in
from ninja_orgkit.tags.services import purge_tags

register(
    Tag,
    name="tags/tag",
    lookup="id",
    organization="organization",
    numeric_lookup=True,
    export=OrgkitTagRow,
    export_kind="tags",
    purge=purge_tags,
)
export_rows("tag_assignments", row=OrgkitTagAssignmentRow, rows=tag_assignment_rows)
find_with(tagged_in)
