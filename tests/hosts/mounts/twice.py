"""All routers on two APIs at once."""

from __future__ import annotations

from django.urls import path
from ninja import NinjaAPI

from ninja_orgkit.api import mount

first = NinjaAPI(title="First", urls_namespace="first")
second = NinjaAPI(title="Second", urls_namespace="second")
mount(first)
mount(second)

urlpatterns = [path("first/", first.urls), path("second/", second.urls)]
