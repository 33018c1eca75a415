"""Values that clients and a host's code give to tags."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext
from pydantic import AfterValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from ninja_orgkit.conf import settings
from ninja_orgkit.protocol.fields import Line, OrgkitInput, example


class CheckedNames(list[str]):
    """Names of tags that have been checked and cleaned, so that nobody does it again."""


def _few(value: list[str]) -> CheckedNames:
    max_length = settings.TAGS_MAX_ASSIGN
    if not 1 <= len(value) <= max_length:
        text = gettext("List should have 1 to {max_length} items")
        raise PydanticCustomError("list_length", text, {"max_length": max_length})
    return CheckedNames(value)


TagName = Annotated[str, Line(50, min_length=1)]
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
