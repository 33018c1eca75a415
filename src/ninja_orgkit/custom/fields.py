"""``custom``: the fields that a host adds to contacts, organizations and profiles.

The setting ``CUSTOM_FIELDS`` names a Pydantic model for each. Without one, any JSON object is valid. The setting is
read when the schemas are built, at the start of the process.
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
from ninja_orgkit.database.alias import kit_connection

MAX_DEPTH = 32
"""The maximum nesting of a JSON value. Databases and serialisers each have a limit of their own."""

_LONG_INTEGERS = range(-(2**63), 2**64)
"""The integers that MySQL stores in JSON as they are."""

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def custom_field(key: str) -> Any:
    """Return the type of ``custom`` in a request body: the host's model for ``key``, or any JSON object.

    The value becomes a plain dict with what was sent, without defaults. An object is not valid when it has more than
    ``CUSTOM_MAX_BYTES``, is nested deeper than ``MAX_DEPTH``, or has text that no database stores.
    """
    model = _model(key)
    if model is None:
        return Annotated[dict[str, Any], AfterValidator(_bounded)]
    # By then the value is a dict, so it must not be serialised as the model.
    written = PlainSerializer(dict, return_type=dict[str, Any])
    return Annotated[model, AfterValidator(_plain), AfterValidator(_bounded), written]


def custom_shown(key: str) -> Any:
    """Return the type of ``custom`` in a response. It is documented as the host's model, but not validated."""
    model = _model(key)
    return dict[str, Any] if model is None else Annotated[dict[str, Any], _DocumentedAs(model)]


class _DocumentedAs:
    """Give a type the JSON schema of a model."""

    def __init__(self, model: type[BaseModel]) -> None:
        self.model = model

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler(source)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self.model.__pydantic_core_schema__)


def _model(key: str) -> type[BaseModel] | None:
    path = settings.CUSTOM_FIELDS.get(key)
    return import_string(path) if path else None


def _plain(value: BaseModel) -> dict[str, Any]:
    return value.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _bounded(value: dict[str, Any]) -> dict[str, Any]:
    return bounded(value, settings.CUSTOM_MAX_BYTES)


def bounded(value: dict[str, Any], max_bytes: int) -> dict[str, Any]:
    """Return a JSON object if it can be stored and has at most ``max_bytes`` bytes, written without whitespace.

    Raises PydanticCustomError otherwise.
    """
    check_storable(value)
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    if len(written) + sum(map(_zeros, _floats(value))) > max_bytes:
        raise PydanticCustomError("too_large", "Too large")
    return value


def _floats(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _floats(item)


def _zeros(number: float) -> int:
    """Return how many characters a number grows by when it is written without an exponent, as PostgreSQL writes it."""
    short = repr(number)
    return len(format(Decimal(short), "f")) - len(short)


def check_storable(value: Any, depth: int = MAX_DEPTH) -> None:
    """Raise PydanticCustomError for a value that cannot be stored as JSON or sent back."""
    if depth < 0:
        raise PydanticCustomError("too_deep", "Nested too deeply")
    if isinstance(value, str) and _UNSTORABLE.search(value):
        raise PydanticCustomError("unencodable", "NUL and lone surrogates are not allowed")
    if isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("finite_number", "Input should be a finite number")
    if isinstance(value, int) and value not in _LONG_INTEGERS and not _stores_longer_integers():
        raise PydanticCustomError("too_large", "Input should be an integer of at most 64 bits")
    if isinstance(value, dict):
        for key, item in value.items():
            check_storable(key, depth)
            check_storable(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            check_storable(item, depth - 1)


def _stores_longer_integers() -> bool:
    """Tell whether the database keeps every digit of an integer in JSON. MySQL would make a rounded number of it."""
    connection: Any = kit_connection()
    return connection.vendor != "mysql" or bool(connection.mysql_is_mariadb)
