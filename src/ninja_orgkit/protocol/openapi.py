"""What an operation may answer besides its success, and the headers it knows, told to OpenAPI from its shape.

An endpoint says only what its parameters do not tell: the errors of its own, and whether it is conditional, idempotent
or makes something that has a URL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from ninja import NinjaAPI
from ninja.operation import Operation

from ninja_orgkit import errors
from ninja_orgkit.errors import OrgKitError
from ninja_orgkit.protocol.idempotency import IdempotencyInProgress, IdempotencyKeyReused, InvalidIdempotencyKey
from ninja_orgkit.protocol.pagination import InvalidCursor

MEDIA_TYPE = "application/problem+json"

TAGS = [
    {"name": "tokens", "description": "Signing in, and the life of a token pair."},
    {"name": "account", "description": "Registration, sessions, password and e-mail address of an account."},
    {"name": "users", "description": "One's own profile and avatar."},
    {"name": "organizations", "description": "The caller's organizations."},
    {"name": "members", "description": "Who belongs to an organization, and in which role."},
    {"name": "invitations", "description": "Who was asked to join, and their answers."},
    {"name": "contacts", "description": "The people that organizations keep."},
    {"name": "tags", "description": "Words that an organization marks its objects with."},
    {"name": "images", "description": "Pictures of an organization, and the objects that have them."},
    {"name": "exports", "description": "Everything an organization has, as one archive."},
    {"name": "media", "description": "Files, by the signed links that other answers hold."},
    {"name": "health", "description": "Whether the application works."},
]
"""What the tags of the operations mean, for ``openapi_extra={"tags": TAGS}`` of an API."""

BODY_SOURCES = frozenset({"body", "form", "file"})
"""How ninja names the parts of a request that are its body."""
_TEXT = {"type": "string"}

PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people; it may be reworded."},
        "code": {"type": "string", "description": "What programs compare; it is stable."},
        "errors": {
            "type": "array",
            "description": "What is not valid, and where.",
            "items": {
                "type": "object",
                "required": ["loc", "msg", "type"],
                "properties": {
                    "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "msg": _TEXT,
                    "type": _TEXT,
                },
            },
        },
        "organizations": {"type": "array", "items": _TEXT, "description": "Slugs, where `last_owner` concerns them."},
    },
}

_NAME = "OrgkitProblem"
_REF = {"$ref": f"#/components/schemas/{_NAME}"}

_ETAG = {"ETag": {"required": True, "schema": _TEXT, "description": "Changes with everything that can be seen."}}
_LOCATION = {"Location": {"required": True, "schema": {"type": "string", "format": "uri"}, "description": "Its URL."}}
_REPLAYED = {
    "Idempotency-Replayed": {
        "schema": {"type": "string", "enum": ["true"]},
        "description": "Sent when this is the answer to an earlier request with the same key.",
    }
}
_HEADERS_OF_ERRORS = {
    errors.Unauthenticated.status: {"WWW-Authenticate": {"required": True, "schema": _TEXT}},
    errors.Throttled.status: {
        "Retry-After": {"required": True, "schema": {"type": "integer"}, "description": "Seconds to wait."}
    },
    errors.Unavailable.status: {
        "Retry-After": {"required": True, "schema": {"type": "integer"}, "description": "Seconds to wait."}
    },
    errors.RangeNotSatisfiable.status: {"Content-Range": {"required": True, "schema": _TEXT}},
}


@dataclass(frozen=True)
class Traits:
    """What the parameters of an endpoint do not tell.

    ``errors`` are those that only it raises. ``throttled``: it counts requests. ``tagged``: the answer has an ETag, and
    the condition that goes with the method is honoured. ``idempotent``: it takes an Idempotency-Key. ``located``: what
    it creates has a URL.
    """

    errors: tuple[type[OrgKitError], ...] = ()
    throttled: bool = False
    tagged: bool = False
    idempotent: bool = False
    located: bool = False


def add_problem_schema(api: NinjaAPI) -> None:
    """Give the OpenAPI document of an API the schema of problems, which the operations refer to."""
    build = api.get_openapi_schema

    @wraps(build)
    def get_openapi_schema(**kwargs: Any) -> Any:
        document = build(**kwargs)
        document["components"]["schemas"].setdefault(_NAME, PROBLEM)
        return document

    api.get_openapi_schema = get_openapi_schema  # type: ignore[method-assign]


def describe(operation: Operation, traits: Traits, *, authenticated: bool) -> None:
    """Add to an operation what its shape and its traits make possible; what it says itself has the last word."""
    (method,) = operation.methods
    extra = operation.openapi_extra or {}
    responses = _successes(operation, traits)
    if traits.tagged and method == "GET":
        responses[304] = {"description": "What the client has is still good.", "headers": _ETAG}
    found = [*_by_shape(operation, authenticated=authenticated), *_by_traits(traits, method), *traits.errors]
    responses |= _problems(found)
    responses |= extra.get("responses", {})
    parameters = [*_condition(traits, method), *_key(traits), *extra.get("parameters", [])]
    operation.openapi_extra = {
        **extra,
        "responses": dict(sorted(responses.items())),
        **({"parameters": parameters} if parameters else {}),
        **_other_media_types(operation),
    }


def file_answers(*media_types: str) -> dict[str, Any]:
    """Return what an endpoint that sends a stored file says of itself: ranges, and the way to an object store."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in media_types}
    lengths = {"Accept-Ranges": {"schema": _TEXT}, "ETag": {"schema": _TEXT}}
    return {
        "parameters": [
            _header("Range", "One range of bytes, like `bytes=0-1023` (RFC 9110, 14)."),
            _header("If-Range", "The ETag that the range belongs to."),
            _header("If-None-Match", "The ETag that the client has."),
        ],
        "responses": {
            200: {"description": "The file.", "content": content, "headers": lengths},
            206: {"description": "The range.", "content": content, "headers": {"Content-Range": {"schema": _TEXT}}},
            302: {
                "description": "The object store has the file.",
                "headers": {"Location": {"required": True, "schema": _TEXT}},
            },
            304: {"description": "What the client has is still good."},
        },
    }


def _successes(operation: Operation, traits: Traits) -> dict[int, dict[str, Any]]:
    """Return the headers of each success that has a body."""
    found: dict[int, dict[str, Any]] = {}
    for status, model in operation.response_models.items():
        if not isinstance(status, int) or not 200 <= status < 300:
            continue
        headers = {
            **(_ETAG if traits.tagged and model is not None else {}),
            **(_LOCATION if traits.located and status in (201, 202) else {}),
            **(_REPLAYED if traits.idempotent else {}),
        }
        found |= {status: {"headers": headers}} if headers else {}
    return found


def _problems(found: Iterable[type[OrgKitError]]) -> dict[int, dict[str, Any]]:
    """Return a response for each status of the errors, with every code that can come with it."""
    responses: dict[int, dict[str, Any]] = {}
    for error in found:
        media: dict[str, Any] = {"schema": _REF, "examples": {}}
        known = responses.setdefault(error.status, {"description": "", "content": {MEDIA_TYPE: media}})
        examples = known["content"][MEDIA_TYPE]["examples"]
        if error.code() in examples:
            continue
        line = f"`{error.code()}`: {error.message()}"
        known["description"] = f"{known['description']}\n\n{line}".strip()
        examples[error.code()] = {"value": _example(error)}
        known["headers"] = _HEADERS_OF_ERRORS.get(error.status, {})
    return responses


def _example(error: type[OrgKitError]) -> dict[str, Any]:
    shown = {"type": "about:blank", "title": error.title, "status": error.status}
    return {**shown, "detail": error.message(), "code": error.code()}


def _by_shape(operation: Operation, *, authenticated: bool) -> list[type[OrgKitError]]:
    """Return what follows from authentication, path, query and body."""
    sources = {model.__ninja_param_source__ for model in operation.models}
    names = {name for model in operation.models for name in getattr(model, "__ninja_flatten_map__", ())}
    found: list[type[OrgKitError]] = [errors.BadRequest, errors.TooLarge]
    if errors.Unavailable.status not in operation.response_models:
        found.append(errors.Unavailable)
    if authenticated:
        found += [errors.Unauthenticated, errors.Throttled]
        found += [] if operation.methods == ["GET"] else [errors.Conflict]
    if "org_slug" in names:
        found.append(errors.Forbidden)
    if "path" in sources:
        found.append(errors.NotFound)
    if sources & {"query", *BODY_SOURCES}:
        found.append(errors.ValidationFailed)
    if "cursor" in names:
        found.append(InvalidCursor)
    if sources & BODY_SOURCES:
        found += [errors.MalformedBody, errors.UnsupportedMediaType]
    return found


def _by_traits(traits: Traits, method: str) -> list[type[OrgKitError]]:
    found: list[type[OrgKitError]] = [errors.Throttled] if traits.throttled else []
    if traits.tagged and method in ("PUT", "PATCH", "DELETE"):
        found.append(errors.PreconditionFailed)
    if traits.idempotent:
        found += [InvalidIdempotencyKey, IdempotencyKeyReused, IdempotencyInProgress]
    return found


def _condition(traits: Traits, method: str) -> list[dict[str, Any]]:
    if not traits.tagged or method == "POST":
        return []
    if method == "GET":
        return [_header("If-None-Match", "ETags that the client has, or `*`: then 304 without a body.")]
    return [_header("If-Match", "ETags that the write may be made to, or `*`: otherwise 412.")]


def _key(traits: Traits) -> list[dict[str, Any]]:
    text = "Sent again within 24 hours with the same request, it gets the same answer, and nothing is done twice."
    shape = {"minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
    return [_header("Idempotency-Key", text, **shape)] if traits.idempotent else []


def _header(name: str, text: str, **shape: Any) -> dict[str, Any]:
    schema = {**_TEXT, **shape}
    return {"in": "header", "name": name, "required": False, "schema": schema, "description": text}


def _other_media_types(operation: Operation) -> dict[str, Any]:
    """Return the media types of a body besides the one that ninja knows of, each with the same schema."""
    for model in operation.models:
        if others := getattr(model, "other_media_types", ()):
            schema = next(iter(model.model_fields.values())).annotation
            ref = {"$ref": f"#/components/schemas/{schema.__name__}"}
            return {"requestBody": {"content": {kind: {"schema": ref} for kind in others}}}
    return {}
