"""All routers on an API of the host, next to the host's own routes and schemas with the same names."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import path
from ninja import NinjaAPI, Router, Schema

from ninja_orgkit.api import mount

api = NinjaAPI(title="Host", version="7", urls_namespace="host")
router = Router()


class Tag(Schema):
    price: float


class Contact(Schema):
    planet: str


@router.get("/tags", response=list[Tag])
def list_tags(request: HttpRequest) -> list[dict[str, float]]:
    return [{"price": 1.5}]


@api.post("/contacts-of-the-host", response=Contact)
def create_contact(request: HttpRequest, body: Contact) -> Contact:
    return body


@api.get("/broken")
def broken(request: HttpRequest) -> None:
    raise RuntimeError("a defect of the host's")


api.add_router("/shop", router)
mount(api)

urlpatterns = [path("host/", api.urls)]
