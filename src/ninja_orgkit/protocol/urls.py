"""Absolute URLs of our own routes, wherever the host has mounted them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from django.http import HttpRequest
from django.urls import reverse

from ninja_orgkit.media.links import build

_CACHE = "_orgkit_mount_point"


def mount_point(request: HttpRequest) -> str:
    """Return the absolute URL below which the API lives, without a slash at its end."""
    known: str | None = getattr(request, _CACHE, None)
    if known is None:
        match = request.resolver_match
        home = reverse(f"{match.namespace}:api-root") if match else "/"
        known = request.build_absolute_uri(home).rstrip("/")
        setattr(request, _CACHE, known)
    return known


def url_below(request: HttpRequest, part: str) -> str:
    """Return the absolute URL of what a POST to a list has made, wherever the host has mounted the list."""
    return request.build_absolute_uri(f"{quote(request.path)}{quote(part, safe='')}/")


FileUrl = Callable[[str], str]
"""Turns the name of a stored file into its URL."""


def file_urls(request: HttpRequest) -> FileUrl:
    """Return what turns stored names into URLs for the answer to this request. It makes no storage call."""
    return partial(build, mount_point(request))


def file_url(urls: FileUrl, name: str) -> str | None:
    """Return the URL of a stored file, None where there is none (an empty name)."""
    return urls(name) if name else None
