"""What an operation may answer besides its success, and the headers that it knows, derived from its declaration.

An endpoint declares only what its parameters do not tell: its own errors, and whether it is conditional, idempotent,
throttled, or creates something that has a URL.
"""

from __future__ import annotations

from typing import Any

from ninja.operation import Operation

from ninja_orgkit import errors
from ninja_orgkit.errors import OrgKitError
from ninja_orgkit.protocol.idempotency import IdempotencyInProgress, IdempotencyKeyReused, InvalidIdempotencyKey
from ninja_orgkit.protocol.openapi.document import REQUEST_ID_REF, SCHEMAS, TEXT, problem_answers
from ninja_orgkit.protocol.openapi.security import PEOPLE_ONLY
from ninja_orgkit.protocol.pagination import InvalidCursor
from ninja_orgkit.protocol.queries import UnknownParameter
from ninja_orgkit.protocol.traits import Traits

BODY_SOURCES = frozenset({"body", "form", "file"})
"""How ninja names the parts of a request that are its body."""
_ETAG = {"ETag": {"required": True, "schema": TEXT, "description": "Changes whenever something visible changes."}}
_LOCATION = {"Location": {"required": True, "schema": {"type": "string", "format": "uri"}, "description": "Its URL."}}
_REPLAYED = {
    "Idempotency-Replayed": {
        "schema": {"type": "string", "enum": ["true"]},
        "description": "Present when this is the stored answer to an earlier request with the same key.",
    }
}

_FORMS = {"multipart/form-data": "Multipart", "application/x-www-form-urlencoded": "Form"}
"""How the titles of bodies in other media types than JSON end."""


def describe(operation: Operation, traits: Traits) -> None:
    """Document what the shape and the traits of an operation make possible; its ``openapi_extra`` has the last word."""
    (method,) = operation.methods
    extra = operation.openapi_extra or {}
    declared = [status for status in operation.response_models if isinstance(status, int)]
    responses: dict[int, dict[str, Any]] = {status: {} for status in declared} | _successes(operation, traits)
    if traits.tagged and method == "GET":
        responses[304] = {"description": "The client's copy is still current.", "headers": _ETAG}
    found = [*_by_shape(operation), *_by_traits(traits, method), *traits.errors]
    responses |= problem_answers(found)
    responses |= extra.get("responses", {})
    responses = {
        status: {**response, "headers": {**REQUEST_ID_REF, **response.get("headers", {})}}
        for status, response in responses.items()
    }
    parameters = [*_condition(traits, method), *_key(traits), *extra.get("parameters", [])]
    operation.openapi_extra = {
        # Said aloud: without it, a generator takes what the API asks of all operations.
        **({} if traits.authenticated else {"security": []}),
        **({PEOPLE_ONLY: True} if traits.people_only else {}),
        **extra,
        "responses": dict(sorted(responses.items())),
        **({"parameters": parameters} if parameters else {}),
        **_other_media_types(operation),
    }


def file_answers(*media_types: str) -> dict[str, Any]:
    """Return the ``openapi_extra`` of an endpoint that sends a stored file: with ranges, or a redirect to a store."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in media_types}
    lengths = {"Accept-Ranges": {"schema": TEXT}, "ETag": {"schema": TEXT}}
    return {
        "parameters": [
            _header("Range", "One range of bytes, like `bytes=0-1023` (RFC 9110, 14)."),
            _header("If-Range", "The ETag that the range belongs to."),
            _header("If-None-Match", "The ETag of the client's copy."),
        ],
        "responses": {
            200: {"description": "The file.", "content": content, "headers": lengths},
            206: {"description": "The range.", "content": content, "headers": {"Content-Range": {"schema": TEXT}}},
            302: {
                "description": "The object store has the file.",
                "headers": {"Location": {"required": True, "schema": TEXT}},
            },
            304: {"description": "The client's copy is still current."},
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


def _by_shape(operation: Operation) -> list[type[OrgKitError]]:
    """Return what follows from path, query and body."""
    sources = {model.__ninja_param_source__ for model in operation.models}
    names = {name for model in operation.models for name in getattr(model, "__ninja_flatten_map__", ())}
    found: list[type[OrgKitError]] = [errors.BadRequest, errors.TooLarge]
    if errors.Unavailable.status not in operation.response_models:
        found.append(errors.Unavailable)
    if "org_slug" in names:
        found.append(errors.Forbidden)
    if "path" in sources:
        found.append(errors.NotFound)
    if sources & {"query", *BODY_SOURCES}:
        found.append(errors.ValidationFailed)
    if "cursor" in names:
        found.append(InvalidCursor)
    if sources & BODY_SOURCES:
        found += [errors.MalformedBody, errors.LengthRequired, errors.UnsupportedMediaType]
    return found


def _by_traits(traits: Traits, method: str) -> list[type[OrgKitError]]:
    found: list[type[OrgKitError]] = [] if traits.any_query else [UnknownParameter]
    if traits.authenticated:
        found += [errors.Unauthenticated, errors.Throttled]
        found += [] if method == "GET" else [errors.Conflict, errors.CsrfFailed]
        found += [errors.InvalidApiKey, *([errors.NotForApiKeys] if traits.people_only else [])]
    if traits.throttles:
        found.append(errors.Throttled)
    if traits.tagged and method in ("PUT", "PATCH", "DELETE"):
        found.append(errors.PreconditionFailed)
    if traits.idempotent:
        found += [InvalidIdempotencyKey, IdempotencyKeyReused, IdempotencyInProgress]
    return found


def _condition(traits: Traits, method: str) -> list[dict[str, Any]]:
    if not traits.tagged or method == "POST":
        return []
    if method == "GET":
        return [_header("If-None-Match", "ETags of the client's copies, or `*`. A match answers 304 without a body.")]
    return [_header("If-Match", "ETags that the client expects, or `*`. Without a match the answer is 412.")]


def _key(traits: Traits) -> list[dict[str, Any]]:
    text = "The same request with the same key within 24 hours gets the same answer and is performed only once."
    shape = {"minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
    return [_header("Idempotency-Key", text, **shape)] if traits.idempotent else []


def _header(name: str, text: str, **shape: Any) -> dict[str, Any]:
    schema = {**TEXT, **shape}
    return {"in": "header", "name": name, "required": False, "schema": schema, "description": text}


def _other_media_types(operation: Operation) -> dict[str, Any]:
    """Return the media types of a body besides the one that ninja knows of, with the same fields.

    Each has a title of its own: generators make a class of it, and tell by the class which one a caller sends.
    """
    for model in operation.models:
        if others := getattr(model, "other_media_types", ()):
            schema: Any = next(iter(model.model_fields.values())).annotation
            shape = schema.model_json_schema(ref_template=f"{SCHEMAS}{{model}}")
            content = {kind: {"schema": {**shape, "title": f"{schema.__name__}{_FORMS[kind]}"}} for kind in others}
            return {"requestBody": {"content": content}}
    return {}
