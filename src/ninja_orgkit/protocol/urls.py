"""Absolute URLs of the kit's own routes, wherever the host has mounted them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Annotated, TypeVar
from urllib.parse import quote

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from pydantic import PlainSerializer, SerializationInfo

from ninja_orgkit.conf import settings
from ninja_orgkit.media.links import media_token
from ninja_orgkit.protocol.fields import Moment

T = TypeVar("T")

MEDIA = "orgkit-media"
"""The URL name of the route that serves files."""

_CACHE = "_orgkit_media_url"
_ANY_TOKEN = "-"


def route_url(request: HttpRequest, name: str, path: str, **parameters: str) -> str:
    """Return the absolute URL of a route of the kit, by its URL name, in the API that the request is for.

    ``path`` is where the route is below ``API_URL``. That is the answer if this API has no such route.
    """
    found = route_path(request, name, **parameters)
    return request.build_absolute_uri(found) if found else f"{settings.API_URL}{path}"


def route_path(request: HttpRequest, name: str, **parameters: str) -> str | None:
    """Return the path of a route of the kit, by its URL name, in the API that the request is for, or None."""
    match = request.resolver_match
    if match is not None:
        # A host's prefix may have parameters, too. They come before those of the route that was called.
        outer = list(match.kwargs.items())
        for count in range(len(outer) + 1):
            with suppress(NoReverseMatch):
                return reverse(f"{match.namespace}:{name}", kwargs={**dict(outer[:count]), **parameters})
    return None


def url_below(request: HttpRequest, part: str) -> str:
    """Return the absolute URL of an object that a POST to a list has created."""
    return request.build_absolute_uri(f"{quote(request.path)}{quote(part, safe='')}/")


def file_url(request: HttpRequest, name: str) -> str:
    """Return the URL of a stored file in the answer to a request. It makes no storage call."""
    base: str | None = getattr(request, _CACHE, None)
    if base is None:
        base = route_url(request, MEDIA, f"/media/{_ANY_TOKEN}", token=_ANY_TOKEN).removesuffix(_ANY_TOKEN)
        setattr(request, _CACHE, base)
    return f"{base}{media_token(name)}"


FileUrls = Callable[[str], str]
"""Turns the name of a stored file into what an answer shows: ``file_url`` of a request."""


class Comparison:
    """Leaves the names of stored files in an answer as they are, so that two answers can be compared.

    ``is_answer`` tells afterwards whether clients may see that as it is: nothing was left out, and no name is in it.
    """

    def __init__(self) -> None:
        self.is_answer = True
        self.has_files = False

    def __call__(self, name: str) -> str:
        """Leave a name as it is."""
        self.is_answer, self.has_files = False, True
        return name


def _unless_compared(value: T, info: SerializationInfo) -> T | None:
    if isinstance(info.context, Comparison):
        info.context.is_answer = False
        return None
    return value if info.context else None


def _link(name: str, info: SerializationInfo) -> str:
    urls: FileUrls | None = info.context
    return urls(name) if urls else name


FileLink = Annotated[str, PlainSerializer(_link, return_type=str)]
"""A file in an answer: a representation holds its stored name, and the client gets its URL."""
PassingMoment = Annotated[Moment | None, PlainSerializer(_unless_compared, return_type=datetime | None)]
"""A time in an answer that does not count for its ETag."""
PassingText = Annotated[str | None, PlainSerializer(_unless_compared, return_type=str | None)]
"""A text in an answer that does not count for its ETag."""
