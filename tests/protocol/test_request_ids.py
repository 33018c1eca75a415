"""Every answer names its request, and so do the problem in it and the log records of that request."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import include, path
from ninja import NinjaAPI
from pytest_django import Settings

from ninja_orgkit.api import mount
from ninja_orgkit.errors import Conflict
from ninja_orgkit.logs import RequestIdFilter
from ninja_orgkit.protocol.problems import problem
from ninja_orgkit.protocol.request_ids import current_request_id, set_request_id
from tests.client import Api
from tests.org import Org
from tests.protocol.problems import ROUTES, filled

HEADER = "X-Request-ID"
MIDDLEWARE = "ninja_orgkit.protocol.request_ids.set_request_id"
ACCEPTED = ["a", "A.b_c-9", "x" * 128, "018f3a52-7b1c-7c3e-9d41-5f0c2ab4e6d8", "..."]
REFUSED = ["", " ", "x" * 129, "a b", "a,b", "a\tb", "é", "a\n", "${jndi:ldap}", "<b>", "a/b", "a:b"]

host = NinjaAPI(urls_namespace="host", docs_url=None)
mount(host)
logger = logging.getLogger("tests.host")


@host.get("/conflict")
def conflict(request: HttpRequest) -> None:
    """Refuse as a route of a host does."""
    raise Conflict


def page(request: HttpRequest) -> HttpResponse:
    """Answer without the kit."""
    logger.warning("A page.")
    return HttpResponse(current_request_id())


async def async_page(request: HttpRequest) -> HttpResponse:
    """Answer without the kit and without a thread."""
    return HttpResponse(current_request_id())


def broken(request: HttpRequest) -> HttpResponse:
    """Fail outside the API."""
    raise RuntimeError


urlpatterns = [
    path("page/", page),
    path("async/", async_page),
    path("broken/", broken),
    path("own/", host.urls),
    path("api/v1/", include("ninja_orgkit.urls")),
]
handler404 = "ninja_orgkit.protocol.problems.handler404"
handler500 = "ninja_orgkit.protocol.problems.handler500"


@pytest.fixture
def own_urls(settings: Settings) -> None:
    """Serve the URLs of this module."""
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def middleware(settings: Settings) -> None:
    """Install the middleware."""
    settings.MIDDLEWARE = [MIDDLEWARE, *settings.MIDDLEWARE]


@pytest.mark.parametrize("sent", ACCEPTED)
def test_a_well_formed_id_is_taken_over(org: Org, sent: str) -> None:
    for answer in (
        org.api.get(org.path, headers={HEADER: sent}),
        org.api.get("/orgs/nowhere/", headers={HEADER: sent}),
    ):
        assert answer[HEADER] == sent
    assert answer.json()["request_id"] == sent


@pytest.mark.parametrize("sent", REFUSED)
def test_an_id_is_made_up_for_anything_else(org: Org, sent: str) -> None:
    first, second = [org.api.get("/orgs/nowhere/", headers={HEADER: sent}) for _ in range(2)]
    assert first[HEADER] != second[HEADER]
    for answer in (first, second):
        assert str(UUID(answer[HEADER])) == answer[HEADER] == answer.json()["request_id"]


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_every_route_names_the_request_before_it_knows_who_is_calling(api: Api, method: str, route: str) -> None:
    url = filled(route, "acme")
    for called in (method, "TRACE"):  # no route knows the second: 405
        answer = api.send(called, url, headers={HEADER: "mine"})
        assert answer[HEADER] == "mine", answer.status_code
        if answer.status_code >= 400 and route != "/health":
            assert answer.json()["request_id"] == "mine"


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/nowhere", "/docs", "/openapi.json"])
def test_what_is_no_operation_names_the_request_too(api: Api, url: str) -> None:
    assert api.get(url, headers={HEADER: "mine"})[HEADER] == "mine"


def test_answers_without_a_body_name_the_request(org: Org) -> None:
    contact = org.add_contact("Ada")
    path = f"/contacts/{contact['slug']}/"
    etag = org.api.get(path)["ETag"]
    unchanged = org.api.get(path, headers={"If-None-Match": etag, HEADER: "again"})
    assert (unchanged.status_code, unchanged[HEADER]) == (304, "again")
    assert org.api.send("HEAD", path, headers={HEADER: "head"})[HEADER] == "head"
    gone = org.api.send("DELETE", path, headers={HEADER: "gone"})
    assert (gone.status_code, gone[HEADER]) == (204, "gone")


def test_the_id_is_in_no_etag(org: Org) -> None:
    first, second = [org.api.get(org.path, headers={HEADER: sent}) for sent in ("one", "two")]
    assert first["ETag"] == second["ETag"]


def test_a_replayed_answer_names_the_request_that_asked_again(org: Org) -> None:
    body = {"organization": org.slug, "display_name": "Ada"}
    first, again = [
        org.api.post("/contacts/", body, headers={"Idempotency-Key": "k", HEADER: sent}) for sent in ("one", "two")
    ]
    assert again["Idempotency-Replayed"] == "true"
    assert (first[HEADER], again[HEADER]) == ("one", "two")
    assert first.content == again.content


@pytest.mark.django_db
@pytest.mark.usefixtures("own_urls")
def test_routes_on_an_api_of_the_host_name_the_request() -> None:
    for method, url, status in (
        ("GET", "/own/users/me", 401),
        ("GET", "/own/health", 200),
        ("PUT", "/own/health", 405),
        ("GET", "/own/conflict", 409),
        ("GET", "/own/nowhere", 404),
        ("GET", "/broken/", 500),
    ):
        answer = Client(raise_request_exception=False).generic(method, url, headers={HEADER: "mine"})
        assert (answer.status_code, answer[HEADER]) == (status, "mine")
        if status not in (200, 405):
            assert answer.json()["request_id"] == "mine"


@pytest.mark.usefixtures("own_urls", "middleware")
@pytest.mark.parametrize("url", ["/page/", "/async/"])
def test_the_middleware_names_requests_to_the_hosts_own_views(url: str) -> None:
    answer = Client().get(url, headers={HEADER: "mine"})
    assert (answer[HEADER], answer.content) == ("mine", b"mine")
    assert current_request_id() == ""


@pytest.mark.usefixtures("own_urls", "middleware")
@pytest.mark.parametrize("url", ["/page/", "/async/"])
def test_the_middleware_works_on_asgi(url: str) -> None:
    async def answered(request: HttpRequest) -> HttpResponse:
        assert iscoroutinefunction(handle)
        return HttpResponse(current_request_id())

    handle: Callable[[HttpRequest], Any] = set_request_id(answered)
    answer = async_to_sync(handle)(RequestFactory().get(url, headers={HEADER: "mine"}))
    assert (answer[HEADER], answer.content) == ("mine", b"mine")
    assert current_request_id() == ""


@pytest.mark.django_db
@pytest.mark.usefixtures("own_urls", "middleware")
def test_the_middleware_and_the_routes_agree() -> None:
    for url in ("/api/v1/users/me", "/own/users/me", "/own/conflict", "/own/nowhere", "/nowhere"):
        answer = Client().get(url)
        assert answer.json()["request_id"] == answer[HEADER]


@pytest.mark.usefixtures("own_urls", "middleware")
def test_the_filter_gives_the_hosts_own_log_records_the_id(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(RequestIdFilter())
    Client().get("/page/", headers={HEADER: "mine"})
    Client().get("/nowhere", headers={HEADER: "refused"})  # Django logs this one when the answer is ready
    logger.warning("Outside.")
    named = [(record.name, vars(record)["request_id"]) for record in caplog.records]
    assert named == [("tests.host", "mine"), ("django.request", "refused"), ("tests.host", "-")]


def test_the_kits_own_log_records_carry_the_id(org: Org, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "ROLES": {"owner": 5}}  # a defect
    answer = org.api.get(org.path, headers={HEADER: "mine"})
    assert (answer.status_code, answer.json()["request_id"]) == (500, "mine")
    (record,) = [record for record in caplog.records if record.name == "ninja_orgkit"]
    assert vars(record)["request_id"] == "mine"


def test_a_problem_made_outside_a_request_names_none() -> None:
    assert b"request_id" not in problem(Conflict()).content
