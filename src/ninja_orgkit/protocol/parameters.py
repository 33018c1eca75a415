"""Parameters that many endpoints share."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from django.urls import register_converter
from django.utils.translation import gettext
from ninja import Path, Schema
from ninja.params.functions import Path as PathParam
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from ninja_orgkit.database.keys import MAX_ID
from ninja_orgkit.database.tagging import TagTerms
from ninja_orgkit.errors import NotFound
from ninja_orgkit.protocol.fields import LOWER_UUID, Line

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_MAX_LENGTH = 255
_MAX_TERMS = 10
_MAX_TAGS = 20


def _sane(value: str) -> str:
    """Return a part of a path. What no identifier can be is simply not found."""
    if len(value) > _MAX_LENGTH or _UNPRINTABLE.search(value):
        raise NotFound
    return value


def _slug(value: str) -> str:
    """Return a slug in the Unicode form that slugs are kept in; some clients decompose what they put into a URL."""
    return unicodedata.normalize("NFC", _sane(value))


Part = Annotated[str, AfterValidator(_sane)]
"""One part of a path, in a schema of path parameters."""

# A path parameter in a mount prefix is taken for a query parameter unless it says what it is.
OrgSlug = Annotated[str, AfterValidator(_slug), PathParam(description="Slug of the organization.")]
Slug = Annotated[str, AfterValidator(_slug), PathParam(description="The slug from another response.")]


def _uuid(value: str) -> str:
    """Return a lower-case UUID. Anything else is not found."""
    if not LOWER_UUID.fullmatch(value):
        raise NotFound
    return value


def _number(value: str) -> int:
    """Return the number that an id in a path stands for: 0, which no row has, for what is the id of no row.

    There is one spelling of each id, without zeros in front.
    """
    number = int(value) if value[0] != "0" and len(value) <= len(str(MAX_ID)) else 0
    return number if number <= MAX_ID else 0


class DigitsConverter:
    """Keeps a number in a path as it was sent. Django's ``int`` drops the zeros in front."""

    regex = "[0-9]+"

    def to_python(self, value: str) -> str:
        """Return the digits."""
        return value

    def to_url(self, value: object) -> str:
        """Return the digits of a number."""
        return str(value)


register_converter(DigitsConverter, "digits")
NUMBER = BeforeValidator(_number)
"""Reads the id of a tag or an image from ``{digits:…}`` in a path."""

UuidPart = Annotated[str, AfterValidator(_uuid), PathParam(description="A UUID in lower case.")]


class OrgkitTarget(Schema):
    """An object of any registered model, as a path names it."""

    app_label: Part = Field(description="First half of the registered name, like `contacts`.")
    model: Part = Field(description="Second half of the registered name, like `contact`.")
    obj_id: Part = Field(description="Public identifier of the object: the slug of a contact, the id of an image.")

    @property
    def name(self) -> str:
        """The registered public name."""
        return f"{self.app_label}/{self.model}"


Target = Path[OrgkitTarget]


def _few_terms(value: str) -> str:
    if len(value.split()) > _MAX_TERMS:
        raise PydanticCustomError(
            "too_many_terms", gettext("Give at most {max_terms} terms"), {"max_terms": _MAX_TERMS}
        )
    return value


Search = Annotated[str, Line(200), AfterValidator(_few_terms)]
"""What to search for: up to 200 characters and 10 terms. ``search_terms`` splits it."""
TagSlugs = Annotated[list[Annotated[str, Line(50)]], Field(max_length=_MAX_TAGS)]
"""A repeatable query parameter with slugs of tags."""


class OrgkitTagQuery(BaseModel):
    """Filters of a list by tags."""

    tag: TagSlugs = Field([], description="Slugs of tags. An item must have all of them.")
    tag_any: TagSlugs = Field([], description="Slugs of tags. An item must have at least one of them.")
    tag_none: TagSlugs = Field([], description="Slugs of tags. An item must have none of them.")

    def tag_terms(self) -> TagTerms:
        """Return the filters by tags."""
        return TagTerms(self.tag, self.tag_any, self.tag_none)
