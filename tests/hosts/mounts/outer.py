"""The ready-made API at another path and inside a namespace of the host."""

from __future__ import annotations

from django.urls import include, path

inner = ([path("v7/", include("ninja_orgkit.urls"))], "site")

urlpatterns = [path("there/", include(inner))]
