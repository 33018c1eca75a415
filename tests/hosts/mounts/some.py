"""Some routers, at paths that the host chooses."""

from __future__ import annotations

from django.urls import path
from ninja import NinjaAPI

from ninja_orgkit.protocol.problems import add_error_handlers

api = NinjaAPI(title="Some", urls_namespace="some")
add_error_handlers(api)
api.add_router("/login", "ninja_orgkit.accounts.api.token.router")
api.add_router("/people", "ninja_orgkit.contacts.api.router")
api.add_router("/teams", "ninja_orgkit.organizations.api.organizations.router")
api.add_router("/teams/{org_slug}/labels", "ninja_orgkit.tags.api.router")

urlpatterns = [path("some/", api.urls)]
