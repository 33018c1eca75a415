"""Errors: always a problem (RFC 9457) with the right status and headers, and never a word of what was sent."""

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
from ninja_orgkit.urls import api as ready_made
from tests.client import Api
from tests.conftest import CountQueries
from tests.org import Org

SECRET = "hunter2-zebra"

METHODS = ("get", "post", "put", "patch", "delete")
PATHS: dict[str, dict[str, Any]] = {
    f"/{route.lstrip('/')}": {method: operations[method] for method in METHODS if method in operations}
    for route, operations in ready_made.get_openapi_schema(path_prefix="")["paths"].items()
}
ROUTES = [(method.upper(), route) for route, operations in PATHS.items() for method in operations]
PARTS = {
    "slug": "nothing-22222222",
    "user_slug": "nobody-22222222",
    "tag_id": "999999",
    "image_id": "999999",
    "app_label": "contacts",
    "model": "contact",
    "obj_id": "nobody-22222222",
    "session_id": "018f3a52-7b1c-7c3e-9d41-5f0c2ab4e6d8",
    "invitation_id": "018f3a52-7b1c-7c3e-9d41-5f0c2ab4e6d8",
    "job_id": "018f3a52-7b1c-7c3e-9d41-5f0c2ab4e6d8",
    "token": "nothing",
}
OPEN = {
    "/token/pair", "/token/refresh", "/token/verify", "/auth/register", "/auth/logout", "/auth/email/verify",
    "/auth/email/resend", "/auth/password-reset/request", "/auth/password-reset/confirm", "/users/check_username",
    "/invitations/decline", "/exports/download", "/media/{token}", "/health",
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


def filled(route: str, slug: str) -> str:
    """Return a path on which nothing but the organization may exist."""
    return route.format(org_slug=slug, **PARTS)


def media_types(operation: dict[str, Any]) -> list[str]:
    """Return the media types that an operation documents for its body."""
    return list(operation.get("requestBody", {}).get("content", ()))


def problem(response: Any, status: int) -> str:
    """Check that a response is a problem of this status, and return its code."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert {"type", "title", "status", "detail", "code"} <= set(body)
    assert body["status"] == status
    assert all(set(error) == {"loc", "msg", "type"} for error in body.get("errors", ()))
    return str(body["code"])


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
    also = {"HEAD"} if route in ("/media/{token}", "/exports/download") else set()
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"} - known - also:
        response = api.send(method, filled(route, "acme"))
        assert problem(response, 405) == "method_not_allowed"
        assert known <= set(response["Allow"].split(", ")) <= known | also


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
        answers.append((response.status_code, response.content, response["Content-Type"], len(queries)))
    assert answers[0] == answers[1]
    assert answers[0][0] in (404, 422)


@pytest.mark.parametrize(
    ("method", "route"), [(method, route) for method, route in ROUTES if media_types(PATHS[route][method.lower()])]
)
def test_a_body_of_an_undocumented_media_type_is_refused_unread(org: Org, method: str, route: str) -> None:
    for kind in ("text/plain", "application/xml", "application/jsonx", "text/json"):
        response = org.api.send(method, filled(route, org.slug), b'{"a": 1}', content_type=kind)
        assert problem(response, 415) == "unsupported_media_type"


TAKES_JSON = [
    (method, route) for method, route in ROUTES if "application/json" in media_types(PATHS[route][method.lower()])
]
UNPARSABLE = {
    "cut": b'{"a": ',
    "trailing": b"{} x",
    "single quotes": b"{'a': 1}",
    "no text": b"\x00\x01",
    "not UTF-8": b'{"a": "\xff"}',
    "a surrogate as bytes": b'{"a": "\xed\xa0\x80"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "deep": b"[" * 100_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "a number of 5,000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "a raw line feed": b'{"a": "\n"}',
}


@pytest.mark.parametrize(("method", "route"), TAKES_JSON)
def test_json_that_cannot_be_parsed_is_a_bad_request(org: Org, method: str, route: str, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "THROTTLING": False}
    for name, body in UNPARSABLE.items():
        response = org.api.send(method, filled(route, org.slug), body, content_type="application/json")
        assert problem(response, 400) == "malformed_body", name


@pytest.mark.parametrize(("method", "route"), TAKES_JSON)
def test_json_over_a_mebibyte_is_too_large(org: Org, method: str, route: str) -> None:
    for size in (1024 * 1024 + 1, 5 * 1024 * 1024):
        body = b'{"a": "' + b"x" * (size - 9) + b'"}'
        response = org.api.send(method, filled(route, org.slug), body, content_type="application/json")
        assert problem(response, 413) == "too_large"
    largest = b'{"a": "' + b"x" * (1024 * 1024 - 9) + b'"}'
    assert org.api.send(method, filled(route, org.slug), largest, content_type="application/json").status_code == 422


def test_json_is_read_with_a_byte_order_mark_a_charset_or_no_content_type(org: Org) -> None:
    body = json.dumps({"organization": org.slug, "display_name": "Zoë"}, ensure_ascii=False).encode()
    for sent, kind in (
        (b"\xef\xbb\xbf" + body, "application/json"),
        (body, "application/json; charset=utf-8"),
        (body, "Application/JSON"),
        (body, ""),
    ):
        response = org.api.send("POST", "/contacts/", sent, content_type=kind)
        assert response.status_code == 201
        assert response.json()["display_name"] == "Zoë"


FORM = "application/x-www-form-urlencoded"
PART = b'--zz\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\nx\r\n'


@pytest.mark.parametrize(
    ("status", "code", "kind", "body"),
    [
        (400, "malformed_body", "multipart/form-data", b"x"),
        (400, "malformed_body", "multipart/form-data; boundary=", b"x"),
        (400, "malformed_body", "multipart/form-data; boundary=z\xe4", b"x"),
        (400, "malformed_body", f"{FORM}; charset=latin-1", b"image_id=1"),
        (422, "validation_error", FORM, b"&".join([b"ids=1"] * 2000)),
        (413, "too_large", FORM, b"a=" + b"x" * 3_000_000),
        (422, "validation_error", "multipart/form-data; boundary=zz", b"x"),
        (422, "validation_error", FORM, b"%%%=%zz&ids=%ff"),
    ],
)
def test_an_unreadable_form_is_refused(org: Org, status: int, code: str, kind: str, body: bytes) -> None:
    root = f"/images/orgs/{org.slug}"
    for route in (f"{root}/attach/", f"{root}/detach/", f"{root}/bulk-delete/", f"{root}/images/contacts/contact/x/"):
        response = org.api.send("POST", route, body, content_type=kind)
        assert problem(response, status) == code


@pytest.mark.parametrize("route", ["/users/avatar", "/images/orgs/{org}/images/", "/images/orgs/{org}/bulk-upload/"])
def test_an_unreadable_upload_is_refused(org: Org, route: str) -> None:
    route = route.format(org=org.slug)

    def refused(kind: str, body: bytes, status: int) -> str:
        return problem(org.api.send("POST", route, body, content_type=kind), status)

    multipart = "multipart/form-data; boundary=zz"
    base64 = b'; filename="x"\r\nContent-Transfer-Encoding: base64'
    assert refused("multipart/form-data", b"x", 400) == "malformed_body"
    assert refused(multipart, PART % (b"file", base64), 400) == "malformed_body"
    assert refused(multipart, b"x", 422) == "validation_error"
    assert refused(multipart, PART % (b"file", b"") + b"--zz--\r\n", 422) == "validation_error"
    assert refused(multipart, PART % (b"a", b"") * 2000 + b"--zz--\r\n", 413) == "too_large"
    assert refused(FORM, b"file=x", 415) == "unsupported_media_type"
    assert refused("application/json", b"{}", 415) == "unsupported_media_type"


class CutShort:
    """A body of which the client sends less than it promised."""

    def read(self, *_size: int) -> bytes:
        """Fail as a server does whose client has gone."""
        raise OSError("gone")

    readline = read


@pytest.mark.parametrize("kind", ["application/json", FORM, "multipart/form-data; boundary=zz"])
def test_a_body_that_breaks_off_is_a_bad_request(org: Org, kind: str) -> None:
    environ: dict[str, Any] = {"wsgi.input": CutShort(), "CONTENT_LENGTH": "100", "CONTENT_TYPE": kind}
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {org.owner.access}"})
    response = client.post(f"/api/v1/images/orgs/{org.slug}/attach/", b"", content_type=kind, **environ)
    assert problem(response, 400) == "malformed_body"


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
    schemas = ready_made.get_openapi_schema()["components"]["schemas"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    for option in (schema, *schema.get("anyOf", ())):
        if "$ref" in option:
            schema = schemas[option["$ref"].rpartition("/")[2]]
    for option in (schema, *schema.get("anyOf", ())):
        if "properties" in option:
            return list(option["properties"])
    raise AssertionError(operation["operationId"])
