"""``X-Request-ID``: one name for a request, in its response, its problem, its log records and its events."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar
from uuid import uuid4

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from ninja_orgkit.logs import REQUEST_ATTRIBUTE, current_request_id, request_id_in_context

__all__ = ["HEADER", "current_request_id", "request_id_of", "set_request_id", "with_request_id"]

R = TypeVar("R", bound=HttpResponseBase)

HEADER = "X-Request-ID"
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,128}")


def request_id_of(request: HttpRequest) -> str:
    """Return the id of a request: the one that it brought if it is well-formed, otherwise a new one."""
    known: str | None = getattr(request, REQUEST_ATTRIBUTE, None)
    if known is None:
        sent = request.META.get("HTTP_X_REQUEST_ID", "")
        known = sent if _ACCEPTED.fullmatch(sent) else str(uuid4())
        setattr(request, REQUEST_ATTRIBUTE, known)
    return known


def with_request_id(view: Callable[..., R]) -> Callable[..., R]:
    """Wrap a view: while it runs, its request has a current id, which its response tells."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> R:
        request_id = request_id_of(request)
        with request_id_in_context(request_id):
            response = view(request, *args, **kwargs)
        response.headers[HEADER] = request_id
        return response

    return wrapped


@sync_and_async_middleware
def set_request_id(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Give every request an id, also those to views of the host and those that a later middleware answers.

    Put it before every middleware that may log or answer.
    """
    if not iscoroutinefunction(get_response):
        return with_request_id(get_response)

    async def set_async(request: HttpRequest) -> HttpResponseBase:
        request_id = request_id_of(request)
        with request_id_in_context(request_id):
            response: HttpResponseBase = await get_response(request)
        response.headers[HEADER] = request_id
        return response

    return set_async
