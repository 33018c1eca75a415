"""Every error is a problem (RFC 9457) with the right status and headers, and repeats nothing that was sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from ninja import NinjaAPI
from pytest_django import Settings

from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.protocol.problems import add_error_handlers
from tests.client import Api, told
from tests.conftest import CountQueries
from tests.org import Org
from tests.protocol.document import SCHEMAS
from tests.protocol.problems import PATHS, ROUTES, TAKES_JSON, filled, media_types, problem

pytestmark = pytest.mark.usefixtures("shared_org")

SECRET = "hunter2-zebra"

OPEN = {
    "/token/pair", "/token/refresh", "/token/verify", "/auth/register", "/auth/logout", "/auth/email/verify",
    "/auth/email/resend", "/auth/password-reset/request", "/auth/password-reset/confirm", "/users/check_username",
    "/invitations/preview", "/invitations/decline", "/exports/download", "/media/{token}", "/health",
}  # fmt: skip

host = NinjaAPI(urls_namespace="host", docs_url=None)
add_error_handlers(host, everything=True)


@host.get("/defect")
def defect(request: HttpRequest) -> None:
    """Fail as only a defect fails."""
    raise RuntimeError(SECRET)


def plain_defect(request: HttpRequest) -> HttpResponse:
    """Fail outside of any API."""
    raise RuntimeError(SECRET)


urlpatterns = [
    path("host/", host.urls),
    path("plain/", plain_defect),
    path("api/v1/", include("ninja_orgkit.urls")),
]
handler404 = "ninja_orgkit.protocol.problems.handler404"
handler500 = "ninja_orgkit.protocol.problems.handler500"


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "route"), [(method, route) for method, route in ROUTES if route not in OPEN])
def test_a_missing_or_bad_token_is_refused_before_anything_else_is_checked(api: Api, method: str, route: str) -> None:
    for token in (None, "x", "a.b.c", "\x7f"):
        for body, kind in ((b"", ""), (b"{", "application/json"), (b"x" * 2_000_000, "text/plain")):
            response = api.as_user(token).send(method, filled(route, "acme"), body, content_type=kind)
            assert problem(response, 401) in ("unauthenticated", "token_not_valid")
            assert response["WWW-Authenticate"] == "Bearer"


def test_only_the_listed_routes_work_without_a_token() -> None:
    secured = {
        route
        for route, operations in PATHS.items()
        for operation in operations.values()
        if (ways := operation.get("security")) and {} not in ways
    }
    assert set(PATHS) - secured == OPEN


@pytest.mark.django_db
@pytest.mark.parametrize("route", PATHS)
def test_a_wrong_method_answers_with_the_allowed_ones(api: Api, route: str) -> None:
    known = {method.upper() for method in PATHS[route]}
    known |= {"HEAD"} if "GET" in known else set()
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"} - known:
        response = api.send(method, filled(route, "acme"))
        assert problem(response, 405) == "method_not_allowed"
        assert set(response["Allow"].split(", ")) == known


@pytest.mark.parametrize(("method", "route"), [(method, route) for method, route in ROUTES if "{org_slug}" in route])
def test_a_foreign_organization_answers_like_an_unknown_one_with_the_same_statements(
    org: Org, other_org: Org, count_queries: CountQueries, method: str, route: str
) -> None:
    bodies = {"application/json": b"{}"}
    answers = []
    for slug in ("nowhere", other_org.slug):
        (kind,) = media_types(PATHS[route][method.lower()])[:1] or [""]
        with count_queries() as queries:
            response = org.api.send(method, filled(route, slug), bodies.get(kind, b""), content_type=kind)
        answers.append((response.status_code, told(response), len(queries)))
    assert answers[0] == answers[1]
    assert answers[0][0] in (404, 422)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url",
    ["/", "/nowhere", "/api/v1/nowhere", "/api/v1/contacts/a/b/c/", "/api/v1//contacts/", "/api/v1/%00", "/api/v1/%ff/",
     "/api/v2/contacts/", "/api/v1/orgs/acme/tags/%2e%2e/", "/api/v1/" + "x" * 5000],
)  # fmt: skip
def test_an_unknown_url_answers_with_a_problem_inside_and_outside_the_api(client: Client, url: str) -> None:
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        response = client.generic(method, url)
        assert problem(response, 404) == "not_found"
        assert url.strip("/") not in response.content.decode() or url == "/"


@pytest.mark.parametrize(("url", "status"), [("", 404), ("docs", 405), ("openapi.json", 405)])
def test_the_pages_of_the_api_refuse_other_methods_with_a_problem(url: str, status: int) -> None:
    client = Client(enforce_csrf_checks=True)  # as in a browser or a script without Django's cookie
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        response = client.generic(method, f"/api/v1/{url}")
        assert problem(response, status) == ("not_found" if status == 404 else "method_not_allowed")
        assert response.get("Allow") == (None if status == 404 else "GET, HEAD")


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/host/defect", "/plain/"])
def test_a_defect_reveals_no_details(settings: Settings, url: str, caplog: pytest.LogCaptureFixture) -> None:
    settings.ROOT_URLCONF = __name__
    for debug in (False, True):
        settings.DEBUG = debug and url != "/plain/"  # outside of the API that is Django's page
        response = Client(raise_request_exception=False).get(url)
        assert problem(response, 500) == "internal_error"
        assert SECRET not in response.content.decode()
        assert "RuntimeError" not in response.content.decode()
    assert SECRET in caplog.text


def test_a_defect_in_a_route_reveals_and_stores_nothing(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "ROLES": {"owner": 5}}  # no list of permissions
    body = {"organization": org.slug, "display_name": SECRET}
    response = org.api.post("/contacts/", body)
    assert problem(response, 500) == "internal_error"
    assert SECRET not in response.content.decode()
    assert not Contact.objects.exists()


@pytest.mark.slow
def test_errors_never_repeat_what_was_sent(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "THROTTLING": False}
    values: list[Any] = [
        SECRET, f"{SECRET}\x00", SECRET * 10_000, [SECRET], {SECRET: SECRET}, {"a": {"b": SECRET}}, f"#{SECRET}",
    ]  # fmt: skip
    for method, route in TAKES_JSON:
        for name in fields_of(PATHS[route][method.lower()]):
            for value in values:
                response = org.api.send(
                    method, filled(route, org.slug), json.dumps({name: value}), content_type="application/json"
                )
                if response.status_code >= 400:
                    problem(response, response.status_code)
                    assert SECRET not in response.content.decode(), (route, name)
    for route, operations in PATHS.items():
        for parameter in operations.get("get", {}).get("parameters", ()):
            if parameter["in"] == "query":
                query: dict[str, Any] = {parameter["name"]: SECRET}
                response = org.api.get(filled(route, org.slug), **query)
                if response.status_code >= 400:
                    assert SECRET not in response.content.decode(), (route, parameter["name"])


def fields_of(operation: dict[str, Any]) -> list[str]:
    """Return the names of the fields that an operation takes as JSON."""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    for option in (schema, *schema.get("anyOf", ())):
        if "$ref" in option:
            schema = SCHEMAS[option["$ref"].rpartition("/")[2]]
    for option in (schema, *schema.get("anyOf", ())):
        if "properties" in option:
            return list(option["properties"])
    raise AssertionError(operation["operationId"])
