"""Bodies of responses: JSON bytes, straight from rows where rows do."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from pydantic import TypeAdapter
from pydantic_core import to_json

JSON_TYPE = "application/json; charset=utf-8"


def json_bytes(value: Any) -> bytes:
    """Return plain data as JSON."""
    return to_json(value)


@cache
def _adapter(schema: Any) -> TypeAdapter[Any]:
    return TypeAdapter(schema)


def rendered(schema: Any, value: Any) -> bytes:
    """Return the JSON that clients get of a value: what the schema knows of it."""
    adapter = _adapter(schema)
    return adapter.dump_json(adapter.validate_python(value))


def reply(schema: Any, value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """Return a response whose body is the value as the schema serialises it.

    ``value`` is what the schema validates from: a dict of plain values, an instance, or a list of them.
    """
    return HttpResponse(rendered(schema, value), status=status, content_type=JSON_TYPE, headers=headers)


def empty(status: int = 204, *, headers: dict[str, str] | None = None) -> HttpResponse:
    """Return a response without a body."""
    response = HttpResponse(status=status, headers=headers)
    del response["Content-Type"]
    return response


def kept_private(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Wrap the operation behind a link whose URL holds a token: no cache keeps the answer, no Referer tells the URL."""

    @wraps(run)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = run(request, *args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "no-store"
        return response

    return wrapped


class NotModified(HttpResponseNotModified):
    """304 that says nothing of a length: an empty body is not how long the 200 would be (RFC 9110, 8.6).

    A true length would be allowed, but some servers wait for as many bytes to follow.
    """

    def has_header(self, header: str) -> bool:
        """Claim a length, which keeps Django's CommonMiddleware from adding that of the body."""
        return header.lower() == "content-length" or super().has_header(header)
