"""Export tags and their assignments as rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from ninja_orgkit import registry
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.protocol.fields import Moment
from ninja_orgkit.tags.models import TagAssignment


class OrgkitTagRow(BaseModel):
    """A tag in an export."""

    id: int
    name: str
    slug: str
    color: str | None
    created_at: Moment


class OrgkitTagAssignmentRow(BaseModel):
    """The assignment of a tag to an object, in an export. The object has its public name and identifier."""

    tag: str
    app_label: str
    model: str
    obj_id: str


def tag_assignment_rows(organization: Organization) -> Iterator[dict[str, Any]]:
    """Yield the assignments of all tags of an organization, with the public identifiers of the objects."""
    links = TagAssignment.objects.filter(tag__organization=organization).order_by(
        "content_type", "object_id", "tag__slug"
    )
    rows = links.values("content_type_id", "object_id", "tag__slug")
    for link in registry.name_targets(rows, organization, ability="taggable"):
        yield {**link, "tag": link["tag__slug"]}
