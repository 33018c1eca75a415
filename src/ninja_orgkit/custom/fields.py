"""``custom``: the fields that a host adds to contacts, organizations and profiles.

The setting ``CUSTOM_FIELDS`` names a Pydantic model for each; without one any JSON object is taken. It is read at
start, when the schemas are made.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

from django.utils.module_loading import import_string
from pydantic import AfterValidator, BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, PlainSerializer
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from ninja_orgkit.conf import settings

MAX_DEPTH = 32
"""Deepest nesting: databases and serialisers give up at some depth, each at its own."""

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def custom_field(kind: str) -> Any:
    """Return the type of ``custom`` in a body: the host's model of this kind, or any JSON object, as a plain dict.

    What was sent is kept, and no default added. Too large (``CUSTOM_MAX_BYTES``), nested deeper than ``MAX_DEPTH``, or
    with text that no database stores, it is not valid.
    """
    model = _model(kind)
    if model is None:
        return Annotated[dict[str, Any], AfterValidator(_bounded)]
    # A dict by then, so it is not written as the model that it was read as.
    written = PlainSerializer(dict, return_type=dict[str, Any])
    return Annotated[model, AfterValidator(_plain), AfterValidator(_bounded), written]


def custom_shown(kind: str) -> Any:
    """Return the type of ``custom`` in an answer: documented as the host's model, unchecked, since models change."""
    model = _model(kind)
    return dict[str, Any] if model is None else Annotated[dict[str, Any], _DocumentedAs(model)]


class _DocumentedAs:
    """Gives a type the JSON schema of a model."""

    def __init__(self, model: type[BaseModel]) -> None:
        self.model = model

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler(source)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self.model.__pydantic_core_schema__)


def _model(kind: str) -> type[BaseModel] | None:
    path = settings.CUSTOM_FIELDS.get(kind)
    return import_string(path) if path else None


def _plain(value: BaseModel) -> dict[str, Any]:
    return value.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _bounded(value: dict[str, Any]) -> dict[str, Any]:
    return bounded(value, settings.CUSTOM_MAX_BYTES)


def bounded(value: dict[str, Any], longest: int) -> dict[str, Any]:
    """Return a JSON object that can be stored, and is at most so many bytes long without any space between its parts.

    Raises for any other one.
    """
    check_storable(value)
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    if len(written) + sum(map(_zeros, _floats(value))) > longest:
        raise PydanticCustomError("too_large", "Too large")
    return value


def _floats(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _floats(item)


def _zeros(number: float) -> int:
    """Return how many more characters a number takes when it is written without an exponent, as PostgreSQL does."""
    short = repr(number)
    return len(format(Decimal(short), "f")) - len(short)


def check_storable(value: Any, depth: int = MAX_DEPTH) -> None:
    """Raise for what cannot be stored as JSON, or not shown again."""
    if depth < 0:
        raise PydanticCustomError("too_deep", "Nested too deeply")
    if isinstance(value, str) and _UNSTORABLE.search(value):
        raise PydanticCustomError("unencodable", "NUL and lone surrogates are not allowed")
    if isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("finite_number", "Input should be a finite number")
    if isinstance(value, dict):
        for key, item in value.items():
            check_storable(key, depth)
            check_storable(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            check_storable(item, depth - 1)
