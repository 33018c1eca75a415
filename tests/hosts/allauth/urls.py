"""URLs of a host with allauth beside the kit, as the guide says to write them."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from tests.docs.pages import DOCS, blocks

names: dict[str, list[object]] = {}
exec(blocks(DOCS / "guides" / "allauth.md", "python")[1], names)
urlpatterns = [path("admin/", admin.site.urls), *names["urlpatterns"]]
handler404 = "ninja_orgkit.protocol.problems.handler404"
