"""URLs of the tests' host."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("ninja_orgkit.urls")),
]
handler404 = "ninja_orgkit.protocol.problems.handler404"
