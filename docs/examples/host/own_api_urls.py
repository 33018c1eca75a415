"""Every router of the kit on an API of the host's own."""

from django.urls import path
from ninja import NinjaAPI

from ninja_orgkit.api import mount

api = NinjaAPI(title="My product", urls_namespace="my-product")


@api.get("/hello")
def hello(request):
    """Say hello."""
    return {"hello": "world"}


mount(api)

urlpatterns = [path("api/", api.urls)]
