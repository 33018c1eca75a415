"""The ready-made API: ``path("api/v1/", include("ninja_orgkit.urls"))``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.http import quote_etag
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import etag, require_safe
from ninja import NinjaAPI, Swagger

from ninja_orgkit.api import mount
from ninja_orgkit.database.alias import without_atomic_requests
from ninja_orgkit.protocol.openapi.document import TAGS
from ninja_orgkit.protocol.problems import speaks_problems
from ninja_orgkit.protocol.request_ids import with_request_id
from ninja_orgkit.protocol.responses import JSON_TYPE, json_bytes

_SCHEMA = "openapi.json"


class _Docs(Swagger):
    """Interactive documentation whose schema is next to it, whatever namespace the host mounts the API in."""

    def get_openapi_url(self, api: NinjaAPI, path_params: dict[str, Any]) -> str:
        """Return the URL of the schema, relative to the page."""
        return _SCHEMA


api = NinjaAPI(
    title="ninja-orgkit",
    version=version("ninja-orgkit"),
    description="Accounts, organizations and the data that they share.",
    urls_namespace="orgkit",
    openapi_url=f"/{_SCHEMA}",
    docs=_Docs(),
    servers=[{"url": "/", "description": "The server that this document comes from."}],
    openapi_extra={"info": {"license": {"name": "MIT", "identifier": "MIT"}}, "tags": TAGS},
)
mount(api, everything=True)


@lru_cache(maxsize=8)
def _document(prefix: str) -> tuple[bytes, str]:
    """Return the OpenAPI document of the API at this prefix, and its ETag. It is built once per process."""
    document = json_bytes(api.get_openapi_schema(path_prefix=prefix))
    return document, quote_etag(sha256(document).hexdigest()[:32])


def _prefix(request: HttpRequest) -> str:
    return request.path.removesuffix(_SCHEMA)


# Django's conditional_page gives a HEAD no ETag.
@etag(lambda request: _document(_prefix(request))[1])
def _schema(request: HttpRequest) -> HttpResponse:
    """Describe the API where it is mounted, with an ETag."""
    return HttpResponse(_document(_prefix(request))[0], content_type=JSON_TYPE)


def _wrapped(pattern: Any) -> URLPattern:
    view = _schema if pattern.name == "openapi-json" else pattern.callback
    if pattern.name in ("openapi-json", "openapi-view"):
        view = require_safe(view)
    # No page of the API acts on a cookie. Without this, Django answers a POST to one of them with a page of its own.
    view = csrf_exempt(view)
    view = login_not_required(without_atomic_requests(with_request_id(speaks_problems(view))))
    return path(str(pattern.pattern), view, name=pattern.name)


def _firsts_first(patterns: Sequence[Any]) -> list[Any]:
    """Put the first pattern of each path before all others, in the same order.

    Ninja makes a pattern for each operation. The first one of a path answers for all of them. The others only have the
    names for ``reverse()``, so no request has to try them.
    """
    first = {str(pattern.pattern): pattern for pattern in reversed(patterns)}
    return sorted(patterns, key=lambda pattern: first[str(pattern.pattern)] is not pattern)


_patterns, _, app_name = api.urls  # the namespace of the API, for reverse()
urlpatterns = [_wrapped(pattern) for pattern in _firsts_first(_patterns)]
