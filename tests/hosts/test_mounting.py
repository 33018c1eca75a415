"""The routes work wherever and however a host mounts them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.handlers.base import BaseHandler
from django.db import connection
from django.test import Client
from pytest_django import Settings

from ninja_orgkit import urls
from ninja_orgkit.contacts.models import Contact
from tests.client import Person
from tests.conftest import Register

pytestmark = pytest.mark.django_db
WAYS = [("outer", "/there/v7"), ("own", "/host"), ("twice", "/first"), ("twice", "/second")]


class Mounted:
    """A client of the routes below one mount point."""

    def __init__(self, base: str, person: Person) -> None:
        self.base = base
        self.person = person
        self._client = Client(raise_request_exception=False)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        content = ("", b"") if body is None else ("application/json", json.dumps(body).encode())
        bearer = {"Authorization": f"Bearer {self.person.access}"}
        address = path if path.startswith("http") else f"{self.base}{path}"
        return self._client.generic(
            method, address.removeprefix("http://testserver"), content[1], content[0], headers=bearer
        )


@pytest.fixture
def mounted(settings: Settings, register: Register) -> Any:
    person = register()

    def _mounted(way: str, base: str) -> Mounted:
        settings.ROOT_URLCONF = f"tests.hosts.mounts.{way}"
        return Mounted(base, person)

    return _mounted


@pytest.mark.parametrize(("way", "base"), WAYS)
def test_urls_in_answers_are_below_the_mount_point(mounted: Any, way: str, base: str) -> None:
    site = mounted(way, base)
    body = {"organization": site.person.org, "first_name": "Grace"}
    made = [site.ask("POST", "/contacts/", body) for _ in range(3)]
    assert made[0]["Location"] == f"http://testserver{base}/contacts/{made[0].json()['slug']}/"
    assert site.ask("GET", made[0]["Location"]).json() == made[0].json()
    page = site.ask("GET", "/contacts/?limit=2").json()
    assert page["next"].startswith(f"http://testserver{base}/contacts/?")
    assert len(site.ask("GET", page["next"]).json()["items"]) == 1


@pytest.mark.parametrize(("way", "base"), WAYS)
def test_the_documentation_finds_its_schema_at_every_mount_point(mounted: Any, way: str, base: str) -> None:
    site = mounted(way, base)
    page = site.ask("GET", "/docs")
    assert page.status_code == 200
    address = page.content.decode().partition('"url": "')[2].partition('"')[0]
    schema = site.ask("GET", address.removeprefix(base) if address.startswith("/") else f"/{address}").json()
    assert f"{base}/contacts/{{slug}}/" in schema["paths"]
    assert "OrgkitProblem" in schema["components"]["schemas"]


def test_the_kit_does_not_change_the_routes_and_schemas_of_a_host(mounted: Any) -> None:
    site = mounted("own", "/host")
    assert site.ask("GET", "/shop/tags").json() == [{"price": 1.5}]
    assert site.ask("POST", "/contacts-of-the-host", {"planet": "Mars"}).json() == {"planet": "Mars"}
    assert site.ask("POST", "/contacts-of-the-host", {}).json().keys() == {"detail"}
    assert site.ask("GET", "/broken").headers["Content-Type"].startswith("text/html")
    assert site.ask("GET", "/contacts/nobody/").json()["code"] == "not_found"
    assert (
        site.ask("POST", "/contacts/", {"organization": site.person.org, "name": 1}).json()["code"]
        == "validation_error"
    )
    schemas = site.ask("GET", "/openapi.json").json()["components"]["schemas"]
    assert set(schemas["Tag"]["properties"]) == {"price"}
    assert set(schemas["Contact"]["properties"]) == {"planet"}


def test_every_schema_name_of_the_kit_has_its_prefix(mounted: Any) -> None:
    schemas = mounted("twice", "/first").ask("GET", "/openapi.json").json()["components"]["schemas"]
    assert [name for name in schemas if not name.startswith("Orgkit")] == []


def test_some_routers_work_without_the_others(mounted: Any) -> None:
    site = mounted("some", "/some")
    login = {"email": site.person.email, "password": site.person.password}
    assert site.ask("POST", "/login/pair", login).status_code == 200
    assert site.ask("POST", "/people/", {"organization": site.person.org, "first_name": "Grace"}).status_code == 201
    assert site.ask("GET", "/people/?limit=1").json()["count"] == 1
    assert site.ask("POST", f"/teams/{site.person.org}/labels/", {"name": "VIP"}).status_code == 201
    assert site.ask("GET", f"/teams/{site.person.org}/labels/").json()["items"][0]["name"] == "VIP"
    assert site.ask("GET", "/teams/").json()["count"] == 1
    assert site.ask("GET", f"/images/orgs/{site.person.org}/images/").status_code == 404


@pytest.mark.usefixtures("_atomic_requests")
def test_the_ready_made_routes_never_run_in_atomic_requests() -> None:
    handler = BaseHandler()
    wrapped = [item.name for item in urls.urlpatterns if handler.make_view_atomic(item.callback) is not item.callback]
    assert wrapped == []


@pytest.fixture
def _atomic_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)


@pytest.mark.usefixtures("_atomic_requests")
@pytest.mark.django_db(transaction=True)
def test_an_error_leaves_nothing_when_requests_are_atomic_elsewhere(register: Register) -> None:
    person = register()
    body = {"organization": person.org, "first_name": "Grace"}
    key = {"Idempotency-Key": "once"}
    first = person.api.post("/contacts/", body, headers=key)
    assert (first.status_code, person.api.post("/contacts/", body, headers=key).json()) == (201, first.json())
    refused = person.api.post("/orgs/", {"name": "Acme", "slug": person.org})
    assert (refused.status_code, refused.json()["code"]) == (409, "slug_taken")
    assert person.api.get("/orgs/").json()["count"] == 1
    tag = {"tags": ["VIP", "x" * 51]}
    assert person.api.post(f"/orgs/{person.org}/tags/contacts/contact/{first.json()['slug']}/", tag).status_code == 422
    assert person.api.get(f"/orgs/{person.org}/tags/").json()["count"] == 0
    assert Contact.objects.count() == 1


def test_location_headers_lead_to_where_the_router_is_mounted(mounted: Any) -> None:
    site = mounted("some", "/some")
    org = site.person.org
    made = {
        "/people/": {"organization": org, "first_name": "Grace"},
        "/teams/": {"name": "Acme"},
        f"/teams/{org}/labels/": {"name": "VIP"},
    }
    for path, body in made.items():
        answer = site.ask("POST", path, body)
        assert answer["Location"].startswith(f"http://testserver/some{path}")
        assert site.ask("GET", answer["Location"]).status_code == 200
