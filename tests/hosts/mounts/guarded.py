"""All routers on APIs whose own routes ask for something else than a token of the kit, and below more than one path."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.urls import include, path
from ninja import NinjaAPI, Router
from ninja.security import django_auth

from ninja_orgkit.accounts.bearer import bearer
from ninja_orgkit.api import ROUTERS, mount
from ninja_orgkit.errors import Forbidden
from ninja_orgkit.protocol.problems import add_error_handlers


def by_header(request: HttpRequest) -> Any:
    """Find the user whose address is in a header, refuse an unknown device, and break on another header."""
    if "X-Break" in request.headers:
        raise RuntimeError("a defect of the host's")
    if "X-Unknown-Device" in request.headers:
        raise Forbidden("This device is not known.")
    return get_user_model().objects.filter(email=request.headers.get("X-User", "")).first()


def nobody(request: HttpRequest) -> None:
    """Let nobody in."""


whole = NinjaAPI(title="Whole", urls_namespace="whole", auth=django_auth)
mount(whole)


@whole.get("/own")
def own(request: HttpRequest) -> str:
    return "seen"


prefixed = NinjaAPI(title="Prefixed", urls_namespace="prefixed")
add_error_handlers(prefixed)
for prefix, router in ROUTERS:
    prefixed.add_router(f"/kit{prefix}", router, auth=nobody)

with_bearer = NinjaAPI(title="With bearer", urls_namespace="with-bearer", auth=bearer)
mount(with_bearer)


@with_bearer.get("/own")
def own_by_token(request: HttpRequest) -> str:
    return str(request.auth.slug)  # type: ignore[attr-defined]


nested = NinjaAPI(title="Nested", urls_namespace="nested", auth=nobody)
add_error_handlers(nested)
kit = Router()
for prefix, router in ROUTERS:
    kit.add_router(prefix, router)
nested.add_router("/kit/v2", kit, auth=nobody)

of_tenant = NinjaAPI(title="Of a tenant", urls_namespace="of-tenant", auth=nobody)
mount(of_tenant, prefix="/v3")

moved = NinjaAPI(title="Moved", urls_namespace="moved", auth=nobody)
add_error_handlers(moved)
for prefix, router in ROUTERS:
    moved.add_router({"/media": "/files", "/exports": "/archives"}.get(prefix, prefix), router)

urlpatterns = [
    path("whole/", whole.urls),
    path("prefixed/", prefixed.urls),
    path("with-bearer/", with_bearer.urls),
    path("nested/", nested.urls),
    path("<slug:tenant>/api/", of_tenant.urls),
    path("moved/", moved.urls),
    path("ready/", include("ninja_orgkit.urls")),
]
