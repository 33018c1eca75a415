"""The ready-made API, below ``/api/v1/``."""

from django.urls import include, path

urlpatterns = [path("api/v1/", include("ninja_orgkit.urls"))]
handler404 = "ninja_orgkit.protocol.problems.handler404"
