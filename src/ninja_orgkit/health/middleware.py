"""A middleware for probes that know the application by its address only, as load balancers and Kubernetes do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import iscoroutinefunction
from ipaddress import ip_address
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.decorators import sync_and_async_middleware

from ninja_orgkit.health.api import CHECK_HEALTH


@sync_and_async_middleware
def answer_probes(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Answer ``GET /health`` when ``Host`` is an address that ``ALLOWED_HOSTS`` does not list. Put it first.

    Other routes, and names instead of addresses, are refused as before.
    """
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponseBase:
            answer = _health_of(request)
            response: HttpResponseBase = await (sync_to_async(answer)() if answer else get_response(request))
            return response

        return answer_async

    def answer_sync(request: HttpRequest) -> HttpResponseBase:
        answer = _health_of(request)
        response: HttpResponseBase = answer() if answer else get_response(request)
        return response

    return answer_sync


def _health_of(request: HttpRequest) -> Callable[[], HttpResponseBase] | None:
    """Return what answers a probe, None for any other request."""
    try:
        request.get_host()
    except DisallowedHost:
        pass
    else:
        return None
    if request.method not in ("GET", "HEAD") or not _is_address(request):
        return None
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return None
    if match.url_name != CHECK_HEALTH:
        return None
    return partial(match.func, request, *match.args, **match.kwargs)


def _is_address(request: HttpRequest) -> bool:
    # Without a Host, as in HTTP/1.0, Django takes the address that the server listens at.
    host, _ = split_domain_port(request.META.get("HTTP_HOST") or request.META["SERVER_NAME"])
    try:
        ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
