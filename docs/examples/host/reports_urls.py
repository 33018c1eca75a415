"""The routes of the kit and a router of the host, on one API."""

from django.urls import path
from ninja import NinjaAPI

from host.reports import router
from ninja_orgkit.api import mount

api = NinjaAPI(title="My product", urls_namespace="my-product-reports")
mount(api)
api.add_router("", router)

urlpatterns = [path("api/", api.urls)]
