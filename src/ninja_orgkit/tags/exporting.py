"""Tags and their assignments as rows of an export."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, islice
from typing import Any

from django.contrib.contenttypes.models import ContentType
from pydantic import BaseModel

from ninja_orgkit import registry
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.protocol.fields import Moment
from ninja_orgkit.tags.models import TagAssignment

_FETCH = 1000


class OrgkitTagRow(BaseModel):
    """A tag in an export."""

    id: int
    name: str
    slug: str
    color: str | None
    created_at: Moment


class OrgkitTagAssignmentRow(BaseModel):
    """In an export: that an object, by its public name and identifier, has a tag."""

    tag: str
    app_label: str
    model: str
    obj_id: str


def assignment_rows(organization: Organization) -> Iterator[dict[str, Any]]:
    """Yield what each tag of an organization is assigned to, in constant memory.

    Objects are named by their public identifiers; those of models that are no longer registered are left out.
    """
    resources = {
        ContentType.objects.get_for_model(resource.model).pk: resource
        for resource in registry.resources()
        if resource.taggable
    }
    links = TagAssignment.objects.filter(tag__organization=organization, content_type__in=resources)
    columns = ("content_type", "object_id", "tag__slug")
    found = links.order_by(*columns).values_list(*columns).iterator(chunk_size=_FETCH)
    while batch := list(islice(found, _FETCH)):
        for content_type, links_of_type in groupby(batch, key=lambda row: row[0]):
            yield from _named(resources[content_type], organization, [row[1:] for row in links_of_type])


def _named(
    resource: registry.Resource, organization: Organization, links: list[tuple[str, str]]
) -> Iterator[dict[str, Any]]:
    objects = resource.of(organization).filter(pk__in={key for key, _ in links})
    public = {str(key): str(name) for key, name in objects.values_list("pk", resource.lookup)}
    for key, tag in links:
        if key in public:
            yield {"tag": tag, "app_label": resource.app_label, "model": resource.model_name, "obj_id": public[key]}
