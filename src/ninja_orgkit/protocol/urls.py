"""Absolute URLs of the kit's own routes, wherever the host has mounted them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from pydantic import PlainSerializer, SerializationInfo

from ninja_orgkit.media.links import build

_CACHE = "_orgkit_mount_point"


def mount_point(request: HttpRequest) -> str:
    """Return the absolute URL below which the API lives, without a slash at its end."""
    known: str | None = getattr(request, _CACHE, None)
    if known is None:
        known = request.build_absolute_uri(_mount_path(request)).rstrip("/")
        setattr(request, _CACHE, known)
    return known


def _mount_path(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is None:
        return "/"
    try:
        # The kit's routers may be mounted below a prefix inside an API of the host's.
        return reverse(f"{match.namespace}:media", args=["-"]).removesuffix("media/-")
    except NoReverseMatch:
        return reverse(f"{match.namespace}:api-root")


def url_below(request: HttpRequest, part: str) -> str:
    """Return the absolute URL of an object that a POST to a list has created."""
    return request.build_absolute_uri(f"{quote(request.path)}{quote(part, safe='')}/")


def file_url(request: HttpRequest, name: str) -> str:
    """Return the URL of a stored file in the answer to a request. It makes no storage call."""
    return build(mount_point(request), name)


FileUrls = Callable[[str], str]
"""Turns the name of a stored file into what an answer shows: ``file_url`` of a request."""


def _link(name: str, info: SerializationInfo) -> str:
    urls: FileUrls | None = info.context
    return urls(name) if urls else name


FileLink = Annotated[str, PlainSerializer(_link, return_type=str)]
"""A file in an answer: a representation holds its stored name, and the client gets its URL."""
