"""Some routers of the kit, at paths that the host chooses."""

from django.urls import path
from ninja import NinjaAPI

from ninja_orgkit.protocol.problems import add_error_handlers

api = NinjaAPI(title="My product", urls_namespace="my-product-chosen")
add_error_handlers(api)
api.add_router("/token", "ninja_orgkit.accounts.api.token.router")
api.add_router("/organizations", "ninja_orgkit.organizations.api.organizations.router")
api.add_router("/organizations/{org_slug}/tags", "ninja_orgkit.tags.api.router")

urlpatterns = [path("api/", api.urls)]
