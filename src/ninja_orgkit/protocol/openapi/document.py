"""The parts of the OpenAPI document that belong to no operation: tags, problems, and the header of every answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import wraps
from typing import Any

from ninja import NinjaAPI

from ninja_orgkit import errors
from ninja_orgkit.errors import OrgKitError
from ninja_orgkit.protocol.openapi.security import accepted_schemes, name_schemes, refusals_of
from ninja_orgkit.protocol.request_ids import HEADER

MEDIA_TYPE = "application/problem+json"

TAGS = [
    {"name": "tokens", "description": "Signing in, and refreshing and checking tokens."},
    {"name": "account", "description": "Registration, sessions, password and e-mail address of an account."},
    {"name": "users", "description": "The caller's profile and avatar."},
    {"name": "organizations", "description": "The caller's organizations."},
    {"name": "members", "description": "The members of an organization and their roles."},
    {"name": "invitations", "description": "Invitations to join an organization, and the answers to them."},
    {"name": "audit", "description": "What happened in an organization and to an account, and who did it."},
    {"name": "api keys", "description": "Keys with which programs act in an organization."},
    {"name": "contacts", "description": "The people whom an organization keeps in its address book."},
    {"name": "tags", "description": "Labels for the objects of an organization."},
    {"name": "images", "description": "Images of an organization, and the objects that they are attached to."},
    {"name": "exports", "description": "Everything that an organization has, as one archive."},
    {"name": "media", "description": "Files behind the signed links of other responses."},
    {"name": "health", "description": "Whether the application works."},
]
"""What the tags of the operations mean, for ``openapi_extra={"tags": TAGS}`` of an API."""

TEXT = {"type": "string"}

_NAME = "OrgkitProblem"
SCHEMAS = "#/components/schemas/"
_OURS = "Orgkit"
PROBLEM_REF = {"$ref": f"{SCHEMAS}{_NAME}"}

REQUEST_ID = "7f9c2ba4-e88f-4c0b-9b1d-3f1b7a5d2e60"
"""The id in examples of problems."""

_REQUEST_ID_NAME = "OrgkitRequestId"
REQUEST_ID_REF = {HEADER: {"$ref": f"#/components/headers/{_REQUEST_ID_NAME}"}}
_REQUEST_ID_TEXT: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[A-Za-z0-9._-]+$"}
_REQUEST_ID_HEADER: dict[str, Any] = {
    "required": True,
    "example": REQUEST_ID,
    "schema": _REQUEST_ID_TEXT,
    "description": (
        "Names the request in problems, logs and the audit trail. It is the `X-Request-ID` that the request brought, "
        "or a new one if that was missing or malformed."
    ),
}

PROBLEM: dict[str, Any] = {
    "title": _NAME,
    "description": "RFC 9457",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A message for people. It may be reworded."},
        "code": {"type": "string", "description": "The stable code that programs compare."},
        "request_id": {**_REQUEST_ID_TEXT, "description": f"The `{HEADER}` of this answer. Quote it to support."},
        "errors": {
            "type": "array",
            "description": "What is invalid, and where.",
            "items": {
                "type": "object",
                "required": ["loc", "msg", "type"],
                "properties": {
                    "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "msg": TEXT,
                    "type": TEXT,
                },
            },
        },
        "organizations": {
            "type": "array",
            "items": TEXT,
            "description": "Slugs of the organizations that `last_owner` is about.",
        },
    },
}


_HEADERS_OF_ERRORS = {
    errors.Unauthenticated.status: {"WWW-Authenticate": {"required": True, "schema": TEXT}},
    errors.Throttled.status: {
        "Retry-After": {"required": True, "schema": {"type": "integer"}, "description": "Seconds to wait."}
    },
    errors.Unavailable.status: {
        "Retry-After": {"required": True, "schema": {"type": "integer"}, "description": "Seconds to wait."}
    },
    errors.RangeNotSatisfiable.status: {"Content-Range": {"required": True, "schema": TEXT}},
}


def problem_answers(found: Iterable[type[OrgKitError]]) -> dict[int, dict[str, Any]]:
    """Return a response for each status of the errors, with every code that can come with it."""
    responses: dict[int, dict[str, Any]] = {}
    for error in found:
        media: dict[str, Any] = {"schema": PROBLEM_REF, "examples": {}}
        known = responses.setdefault(error.status, {"description": "", "content": {MEDIA_TYPE: media}})
        examples = known["content"][MEDIA_TYPE]["examples"]
        if error.code in examples:
            continue
        line = f"`{error.code}`: {error.message()}"
        known["description"] = f"{known['description']}\n\n{line}".strip()
        examples[error.code] = {"value": _example(error)}
        known["headers"] = {**REQUEST_ID_REF, **_HEADERS_OF_ERRORS.get(error.status, {})}
    return responses


def _example(error: type[OrgKitError]) -> dict[str, Any]:
    shown = {"type": "about:blank", "title": error.title, "status": error.status}
    return {**shown, "detail": error.message(), "code": error.code, "request_id": REQUEST_ID}


def complete_document(api: NinjaAPI) -> None:
    """Give the OpenAPI document of an API what all operations share, and drop schemas of the kit that none refers to.

    Operations behind the kit's ``auth`` say which credentials ``AUTHENTICATION`` accepts, also those of a host.

    Ninja adds a schema for each group of query or path parameters, and then lists the parameters one by one.
    """
    build = api.get_openapi_schema

    @wraps(build)
    def get_openapi_schema(**kwargs: Any) -> Any:
        document = build(**kwargs)
        schemas = document["components"]["schemas"]
        schemas.setdefault(_NAME, PROBLEM)
        document["components"].setdefault("headers", {})[_REQUEST_ID_NAME] = _REQUEST_ID_HEADER
        _tell_security(document)
        used = _used(document["paths"], schemas)
        for name in [name for name in schemas if name.startswith(_OURS) and name not in used]:
            del schemas[name]
        return document

    api.get_openapi_schema = get_openapi_schema  # type: ignore[method-assign]


def _tell_security(document: dict[str, Any]) -> None:
    """Say by which credentials a client calls each operation, and how one without them is refused."""
    schemes = accepted_schemes()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    for operation in operations:
        for status, answer in problem_answers(refusals_of(operation)).items():
            operation["responses"].setdefault(status, answer)
        name_schemes(operation, schemes)
    used = {name for operation in operations for way in operation.get("security", ()) for name in way}
    known = {**document["components"].pop("securitySchemes", {}), **schemes}
    if used:
        document["components"]["securitySchemes"] = {name: known[name] for name in known if name in used}


def _used(paths: Any, schemas: dict[str, Any]) -> set[str]:
    """Return the names of the schemas that operations refer to, and of those that these refer to."""
    used: set[str] = set()
    found = set(_references(paths))
    while found:
        used |= found
        found = {name for used_name in found for name in _references(schemas.get(used_name))} - used
    return used


def _references(part: Any) -> Iterator[str]:
    """Yield the name of each schema that a part of the document refers to."""
    if isinstance(part, dict):
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith(SCHEMAS):
            yield reference.removeprefix(SCHEMAS)
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)
