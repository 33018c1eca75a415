"""The ready-made API: ``path("api/v1/", include("ninja_orgkit.urls"))``."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from django.db import transaction
from django.urls import URLPattern, path
from ninja import NinjaAPI, Swagger

from ninja_orgkit.api import mount
from ninja_orgkit.protocol.problems import speaks_problems

api = NinjaAPI(
    title="ninja-orgkit",
    version=version("ninja-orgkit"),
    description="Accounts, organizations and the data that they share.",
    urls_namespace="orgkit",
    docs=Swagger(),
)
mount(api, everything=True)


def _wrapped(pattern: Any) -> URLPattern:
    # ninja turns exceptions into responses, so ATOMIC_REQUESTS would commit half a write.
    view = transaction.non_atomic_requests(speaks_problems(pattern.callback))
    return path(str(pattern.pattern), view, name=pattern.name)


_patterns, _, app_name = api.urls  # the API's own namespace, by which its documentation finds the schema
urlpatterns = [_wrapped(pattern) for pattern in _patterns]
