"""The parts of the OpenAPI document that belong to no operation: tags, problems, and the header of every answer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import wraps
from typing import Any

from ninja import NinjaAPI

from ninja_orgkit.protocol.request_ids import HEADER

MEDIA_TYPE = "application/problem+json"

TAGS = [
    {"name": "tokens", "description": "Signing in, and refreshing and checking tokens."},
    {"name": "account", "description": "Registration, sessions, password and e-mail address of an account."},
    {"name": "users", "description": "The caller's profile and avatar."},
    {"name": "organizations", "description": "The caller's organizations."},
    {"name": "members", "description": "The members of an organization and their roles."},
    {"name": "invitations", "description": "Invitations to join an organization, and the answers to them."},
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


def complete_document(api: NinjaAPI) -> None:
    """Give the OpenAPI document of an API what all operations share, and drop schemas of the kit that none refers to.

    ninja adds a schema for each group of query or path parameters, and then lists the parameters one by one.
    """
    build = api.get_openapi_schema

    @wraps(build)
    def get_openapi_schema(**kwargs: Any) -> Any:
        document = build(**kwargs)
        schemas = document["components"]["schemas"]
        schemas.setdefault(_NAME, PROBLEM)
        document["components"].setdefault("headers", {})[_REQUEST_ID_NAME] = _REQUEST_ID_HEADER
        used = _used(document["paths"], schemas)
        for name in [name for name in schemas if name.startswith(_OURS) and name not in used]:
            del schemas[name]
        return document

    api.get_openapi_schema = get_openapi_schema  # type: ignore[method-assign]


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
