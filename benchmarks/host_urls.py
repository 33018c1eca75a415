"""URLs of the benchmarks' host."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("api/v1/", include("ninja_orgkit.urls"))]
