"""The bodies that operations of the API take, and values that they have to refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.protocol.document import PATHS, SCHEMAS

OPERATIONS = {
    operation["operationId"]: (method.upper(), route, operation)
    for route, operations in PATHS.items()
    for method, operation in operations.items()
    if "application/json" in operation.get("requestBody", {}).get("content", ())
}


SECRETS = {"password", "old_password", "new_password", "token", "refresh", "invitation"}


TEXTS = {"notes", "about", "description"}


def schema_of(operation: str) -> dict[str, Any]:
    """Return the schema of the object that an operation takes."""
    schema = OPERATIONS[operation][2]["requestBody"]["content"]["application/json"]["schema"]
    options = [schema, *schema.get("anyOf", ())]
    for option in [*options, *(SCHEMAS[item["$ref"].rpartition("/")[2]] for item in options if "$ref" in item)]:
        for found in (option, *option.get("anyOf", ())):
            if "properties" in found:
                return dict(found)
    raise AssertionError(operation)


def kinds_of(field: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what a field may be, by type."""
    options = [
        SCHEMAS[item["$ref"].rpartition("/")[2]] if "$ref" in item else item for item in field.get("anyOf", [field])
    ]
    return {option.get("type", "object"): option for option in options}


def bad_values(name: str, field: dict[str, Any]) -> Iterator[Any]:
    """Yield invalid values of a field."""
    kinds = kinds_of(field)
    if "null" not in kinds:
        yield None
    yield from _of_other_types(set(kinds))
    if "string" in kinds:
        yield from _bad_texts(name, kinds["string"])
    if "integer" in kinds:
        yield from (1.5, -1, 2**63, 2**64, 10**400, "1", "1e3", "x")
    if "boolean" in kinds:
        yield from (0, 1, "true", "on")
    if "array" in kinds:
        items = kinds["array"]["items"]
        good = {"integer": 1, "string": "x"}.get(items.get("type"), {})
        yield []
        yield [good] * 1001
        for bad in bad_values(name, items):
            yield [good, bad]
    if "object" in kinds:
        yield from ({"a\x00": 1}, {"a": "\x00"}, {"a": ["\ud800"]}, {"a": "x" * 20_000})
        yield {"a": json.loads("[" * 100 + "]" * 100)}


def _of_other_types(kinds: set[str]) -> Iterator[Any]:
    samples = {"string": "maybe", "integer": 5, "boolean": True, "array": [["x"]], "object": {"a": {"b": 1}}}
    for kind, sample in samples.items():
        if kind not in kinds:
            yield sample


def _bad_texts(name: str, field: dict[str, Any]) -> Iterator[str]:
    yield from ("a\x00b", "\x00", "a\ud800b", "\udfff")
    if name not in SECRETS:
        yield from ("a\x07b", "a\x1bb", "a\x7fb", "a\x85b")
    if name not in SECRETS | TEXTS:
        yield from ("a\nb", "a\tb", "a\r\nb", "a\u2028b")
    if "maxLength" in field:
        yield "x" * (field["maxLength"] + 1)
        yield "x" * 1_000_000
