"""URLs of the example: the API ready made, the admin, and pages for people who look around."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from example import views
from shop.api import api as shop_api

urlpatterns = [
    path("", views.start, name="start"),
    path("tour/", views.tour, name="tour"),
    path("app/", views.app, name="app"),
    path("mails/", views.mails, name="mails"),
    path("mails/<str:name>", views.mail, name="mail"),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("ninja_orgkit.urls")),
    path("api/v1/shop/", shop_api.urls),
]
handler400 = "ninja_orgkit.protocol.problems.handler400"
handler404 = "ninja_orgkit.protocol.problems.handler404"
handler500 = "ninja_orgkit.protocol.problems.handler500"
