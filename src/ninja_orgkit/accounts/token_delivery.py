"""How tokens reach a client: both in the body, or the refresh token in a cookie that no script can read.

A browser asks for the cookie with the header ``Token-Delivery: cookie``. Without it a cookie is neither set nor read
nor cleared. A form on another site cannot send that header, so the cookie needs no CSRF token.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from posixpath import commonpath, dirname
from typing import Any, TypeVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import get_script_prefix
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from ninja.decorators import decorate_view
from ninja.operation import Operation
from ninja.utils import contribute_operation_callback

from ninja_orgkit.accounts.tokens import Pair
from ninja_orgkit.conf import settings
from ninja_orgkit.protocol.responses import not_stored
from ninja_orgkit.protocol.urls import route_path

REFRESH = "orgkit-token-refresh"
LOG_OUT = "orgkit-logout"
"""The URL names of the routes that read the cookie."""

_HEADER = "Token-Delivery"
_COOKIE = "cookie"
_NAME = "orgkit_refresh"
_PENDING = "_orgkit_refresh_cookie"
_LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT"

_PARAMETER = {
    "in": "header",
    "name": _HEADER,
    "required": False,
    "schema": {"type": "string", "enum": [_COOKIE]},
    "description": "Deliver the refresh token in a cookie instead of the body. Other values count as absent.",
}
_SET_COOKIE = {
    "Set-Cookie": {
        "schema": {"type": "string"},
        "description": "With `Token-Delivery: cookie`: the refresh token, or an empty value that removes it.",
    }
}

View = TypeVar("View", bound=Callable[..., Any])


def token_delivery(view: View) -> View:
    """Let an endpoint set, read or clear the cookie, and document it. Nothing stores its answers.

    The endpoint calls ``represent_tokens``, ``presented_refresh_token`` and ``forget_refresh_token``.
    """
    contribute_operation_callback(view, _document)
    return decorate_view(not_stored, _with_cookie)(view)


def represent_tokens(request: HttpRequest, pair: Pair | None) -> dict[str, Any]:
    """Return a token pair as this client sees it. The refresh token is null if the cookie carries it.

    Without a pair, both are null.
    """
    if pair is None:
        return {"access": None, "refresh": None}
    if not _wants_cookie(request):
        return {"access": pair.access, "refresh": pair.refresh}
    setattr(request, _PENDING, pair)
    return {"access": pair.access, "refresh": None}


def presented_refresh_token(request: HttpRequest, sent: str | None) -> str | None:
    """Return the refresh token of a request: the one in the body, else that of the cookie, else None."""
    if sent is not None or not _wants_cookie(request):
        return sent
    return request.COOKIES.get(_name())


def forget_refresh_token(request: HttpRequest) -> None:
    """Clear the cookie in the answer to a request, because its token no longer works."""
    setattr(request, _PENDING, None)


def _with_cookie(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @wraps(run)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = run(request, *args, **kwargs)
        if _wants_cookie(request) and hasattr(request, _PENDING):
            _set_cookie(request, response, getattr(request, _PENDING))
        patch_vary_headers(response, (_HEADER, "Cookie"))
        return response

    return wrapped


def _set_cookie(request: HttpRequest, response: HttpResponseBase, pair: Pair | None) -> None:
    """Set the cookie to the refresh token of a pair, or clear it. Browsers clear only what has the same attributes."""
    chosen = settings.REFRESH_COOKIE
    left = max(int((pair.expires_at - timezone.now()).total_seconds()), 0) if pair else 0
    response.set_cookie(
        _name(),
        pair.refresh if pair else "",
        max_age=min(left, chosen.get("max_age", left)),
        expires=None if pair else _LONG_AGO,
        path=chosen.get("path") or _mount_point(request),
        domain=chosen.get("domain"),
        secure=chosen.get("secure", request.is_secure()),
        httponly=True,
        samesite=chosen.get("samesite", "Strict"),
    )


def _mount_point(request: HttpRequest) -> str:
    """Return the path below which the routes are that read the cookie, wherever the host has mounted them."""
    script_name = request.path.removesuffix(request.path_info)
    paths = [route_path(request, name) for name in (REFRESH, LOG_OUT)]
    folders = [dirname(f"{script_name}/{path.removeprefix(get_script_prefix())}") for path in paths if path]
    # A semicolon would end the attribute.
    return commonpath(folders or [f"{script_name}/"]).replace(";", "%3B")


def _wants_cookie(request: HttpRequest) -> bool:
    return request.headers.get(_HEADER) == _COOKIE


def _name() -> str:
    return str(settings.REFRESH_COOKIE.get("name", _NAME))


def _document(operation: Operation) -> None:
    extra = operation.openapi_extra or {}
    successes = [status for status in operation.response_models if isinstance(status, int) and status != 202]
    operation.openapi_extra = {
        **extra,
        "parameters": [*extra.get("parameters", []), _PARAMETER],
        "responses": {**extra.get("responses", {}), **{status: {"headers": _SET_COOKIE} for status in successes}},
    }
