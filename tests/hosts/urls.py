"""URLs of a host that has the API and nothing else."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("api/v1/", include("ninja_orgkit.urls"))]
handler404 = "ninja_orgkit.protocol.problems.handler404"
