"""What goes in and out of the tag routes."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import Q, QuerySet
from ninja import FilterSchema
from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from pydantic_core import PydanticCustomError

from ninja_orgkit.database.slugs import name_slug
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.protocol.fields import Line, Moment, OrgkitInput, example
from ninja_orgkit.protocol.parameters import OrgkitTagQuery
from ninja_orgkit.tags.selectors import tagged
from ninja_orgkit.tags.values import TagName


def _slug(value: str) -> str:
    if name_slug(value, length=50) != value:
        raise PydanticCustomError("slug", "A slug has lower-case letters, digits, hyphens and underscores only")
    return value


TagSlug = Annotated[TagName, AfterValidator(_slug)]
Color = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^#[0-9a-fA-F]{6}$")]


class OrgkitTag(BaseModel):
    """A tag of an organization."""

    model_config = example(
        id=7,
        name="VIP",
        slug="vip",
        color="#1e90ff",
        organization="acme",
        usage_count=12,
        created_at="2026-01-31T09:30:00Z",
    )

    id: int
    name: str
    slug: str
    color: str | None = Field(description="Like `#1e90ff`.")
    organization: str
    usage_count: int = Field(description="The number of objects that have it.")
    created_at: Moment


class OrgkitTagCreate(OrgkitInput):
    """A new tag."""

    model_config = example(name="VIP", color="#1e90ff")

    name: TagName
    slug: TagSlug | None = None
    color: Color | None = None


class OrgkitTagChange(OrgkitInput):
    """The fields of a tag to change."""

    model_config = example(name="Very important")

    name: TagName = ""
    slug: TagSlug = ""
    color: Color | None = None


class OrgkitTagSearch(BaseModel):
    """Filters of the list of tags."""

    search: Annotated[str, Line(200)] = Field("", description="Part of the name; case and diacritics do not matter.")


class TagFilter(FilterSchema, OrgkitTagQuery):
    """Filters by tags for a list of your own: the repeatable query parameters ``tag``, ``tag_any`` and ``tag_none``.

    Take it as ``filters: Query[TagFilter]``. A subclass can have more fields, as every ``FilterSchema`` of ninja.
    """

    def filter(self, queryset: Any, organization: Organization | None = None) -> Any:
        """Return the objects of a queryset that match. For ``organization``, see ``tagged``."""
        rows: QuerySet[Any] = super().filter(queryset)
        return tagged(rows, self.tag, self.tag_any, self.tag_none, organization=organization)

    # Ninja asks these three, because tags are not columns of the model; ``filter`` does the work.

    def filter_tag(self, _value: list[str]) -> Q:
        """Return no condition."""
        return Q()

    def filter_tag_any(self, _value: list[str]) -> Q:
        """Return no condition."""
        return Q()

    def filter_tag_none(self, _value: list[str]) -> Q:
        """Return no condition."""
        return Q()


def represent_tag(row: dict[str, Any]) -> dict[str, Any]:
    """Return a tag as clients see it."""
    return {**row, "organization": row["organization_slug"]}
