"""What every operation may answer besides its success, told to OpenAPI without saying it at each endpoint."""

from __future__ import annotations

from collections.abc import Iterable
from functools import wraps
from typing import Any

from ninja import NinjaAPI
from ninja.operation import Operation

from ninja_orgkit import errors
from ninja_orgkit.errors import OrgKitError

MEDIA_TYPE = "application/problem+json"

_BODIES = {"body", "form", "file"}

PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["loc", "msg", "type"],
                "properties": {
                    "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "msg": {"type": "string"},
                    "type": {"type": "string"},
                },
            },
        },
    },
}

_NAME = "OrgkitProblem"
_REF = {"$ref": f"#/components/schemas/{_NAME}"}


def add_problem_schema(api: NinjaAPI) -> None:
    """Give the OpenAPI document of an API the schema of problems, which the operations refer to."""
    build = api.get_openapi_schema

    @wraps(build)
    def get_openapi_schema(**kwargs: Any) -> Any:
        document = build(**kwargs)
        document["components"]["schemas"].setdefault(_NAME, PROBLEM)
        return document

    api.get_openapi_schema = get_openapi_schema  # type: ignore[method-assign]


def document_errors(operation: Operation, *, authenticated: bool, own: Iterable[type[OrgKitError]]) -> None:
    """Add to an operation the problems that its shape makes possible, and those that it names itself."""
    responses: dict[int, Any] = {}
    for error in [*_by_shape(operation, authenticated=authenticated), *own]:
        known = responses.setdefault(error.status, {"description": "", "content": {MEDIA_TYPE: {"schema": _REF}}})
        line = f"`{error.code()}`: {error.message()}"
        known["description"] = f"{known['description']}\n\n{line}".strip()
        if error.status == errors.Throttled.status:
            known["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
        if error.status == errors.Unauthenticated.status:
            known["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    extra = operation.openapi_extra or {}
    operation.openapi_extra = {**extra, "responses": {**responses, **extra.get("responses", {})}}


def _by_shape(operation: Operation, *, authenticated: bool) -> list[type[OrgKitError]]:
    """Return what follows from authentication, path, query and body."""
    sources = {model.__ninja_param_source__ for model in operation.models}
    found: list[type[OrgKitError]] = [errors.BadRequest, errors.Throttled, errors.TooLarge]
    if authenticated:
        found.append(errors.Unauthenticated)
    if sources & {"path", "query", "body"}:
        found.append(errors.NotFound)
        found += [errors.Forbidden] if authenticated else []
    if sources:
        found.append(errors.ValidationFailed)
    if sources & _BODIES:
        found += [errors.MalformedBody, errors.UnsupportedMediaType]
    return found
