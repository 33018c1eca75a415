"""What goes in and out of the tag routes."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from ninja import FilterSchema
from pydantic import AfterValidator, BaseModel, Field, GetJsonSchemaHandler, StringConstraints, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from ninja_orgkit.conf import settings
from ninja_orgkit.database.slugs import name_slug
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.protocol.fields import Line, Moment, OrgkitInput, example
from ninja_orgkit.protocol.parameters import OrgkitTagQuery
from ninja_orgkit.tags.selectors import tagged


def _slug(value: str) -> str:
    if name_slug(value, length=50) != value:
        raise PydanticCustomError("slug", "A slug has lower-case letters, digits, hyphens and underscores only")
    return value


def _few(value: list[str]) -> list[str]:
    max_length = settings.TAGS_MAX_ASSIGN
    if not 1 <= len(value) <= max_length:
        text = gettext("List should have 1 to {max_length} items")
        raise PydanticCustomError("list_length", text, {"max_length": max_length})
    return value


TagName = Annotated[str, Line(50, min_length=1)]
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


# For the document alone, as they were at start.
_LENGTHS: dict[str, Any] = {"minItems": 1, "maxItems": settings.TAGS_MAX_ASSIGN}


class OrgkitTagNames(OrgkitInput):
    """Names of tags, as ``{"tags": [...]}`` or as a bare list."""

    model_config = example(tags=["VIP", "lead"])

    tags: Annotated[list[TagName], Field(json_schema_extra=_LENGTHS), AfterValidator(_few)]

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: Any) -> Any:
        return {"tags": value} if isinstance(value, list) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        whole = handler.resolve_ref_schema(handler(schema))
        bare = whole["properties"]["tags"]
        return {"title": cls.__name__, "anyOf": [dict(whole), bare], "examples": whole["examples"]}


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
