"""Bodies of responses: JSON bytes, made from rows without models where possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from pydantic import TypeAdapter
from pydantic_core import to_json

from ninja_orgkit.protocol.urls import FileUrls

JSON_TYPE = "application/json; charset=utf-8"
FOR_ITS_CALLER = {"Cache-Control": "private, no-cache"}
"""What an answer that says nothing else tells caches: it is for its caller alone, who asks again before using it twice.

Without this, a cache in front of many callers may hand the answer of one to another. Django's own does."""


@dataclass(frozen=True)
class Reply:
    """What an endpoint returns when it has more to say than a value.

    ``status`` is one that the endpoint declares; None is the lowest of these. ``repeated`` is the value for those who
    repeat the request with its Idempotency-Key, if it is another one: a secret is shown once, and stored nowhere.
    """

    value: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeated: Any = None


def json_bytes(value: Any) -> bytes:
    """Return plain data as JSON."""
    return to_json(value)


@cache
def adapter(schema: Any) -> TypeAdapter[Any]:
    """Return what validates and serialises values of a schema."""
    return TypeAdapter(schema)


def json_response(schema: Any, value: Any, *, status: int, headers: dict[str, str], urls: FileUrls) -> HttpResponse:
    """Return a response whose body is the value as the schema serialises it, with the URLs of its files.

    ``value`` is what the schema validates from: a dict of plain values, an instance, or a list of them.
    """
    known = adapter(schema)
    body = known.dump_json(known.validate_python(value), context=urls)
    return HttpResponse(body, status=status, content_type=JSON_TYPE, headers=headers)


def empty(status: int = 204, *, headers: dict[str, str] | None = None) -> HttpResponse:
    """Return a response without a body."""
    response = HttpResponse(status=status, headers=headers)
    del response["Content-Type"]
    return response


def kept_private(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Wrap an operation whose URL holds a token: no cache stores the answer, and no Referer reveals the URL."""

    @wraps(run)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = run(request, *args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "no-store"
        return response

    return wrapped


def not_shared(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Wrap a view: an answer that says nothing of caches is for its caller alone."""

    @wraps(run)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = run(request, *args, **kwargs)
        for name, value in FOR_ITS_CALLER.items():
            response.setdefault(name, value)
        return response

    return wrapped


def without_body(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Wrap the operation of a HEAD: the answer has the headers of the GET, its length included, and no body."""

    @wraps(run)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = run(request, *args, **kwargs)
        if isinstance(response, HttpResponse) and response.content:
            response["Content-Length"] = str(len(response.content))
            response.content = b""
        return response

    return wrapped


def not_stored(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Wrap an operation whose answer holds a secret: no cache stores it."""

    @wraps(run)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = run(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    return wrapped


class NotModified(HttpResponseNotModified):
    """A 304 without a Content-Length: that of the empty body would be wrong (RFC 9110, 8.6).

    A true length would be allowed, but some servers wait for as many bytes to follow.
    """

    def has_header(self, header: str) -> bool:
        """Claim a length, which keeps Django's CommonMiddleware from adding that of the body."""
        return header.lower() == "content-length" or super().has_header(header)
