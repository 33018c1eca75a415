"""The assertions for a host's tests pass for routes as they should be, and say what they saw of others."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse, JsonResponse
from django.urls import include, path

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.apikeys.models import ApiKey
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.testing import (
    OrgkitClient,
    OrgkitFactories,
    assert_constant_statements,
    assert_keys,
    assert_roles,
    assert_same_answer,
    assert_stranger_sees_nothing,
)

pytestmark = pytest.mark.django_db
make, nobody = OrgkitFactories(), OrgkitClient()
ALL, WRITERS = {"viewer", "member", "admin", "owner"}, {"member", "admin", "owner"}


def leak(request: Any, slug: str) -> HttpResponse:
    """Tell everybody whether an organization exists."""
    known = Organization.objects.filter(slug=slug).exists()
    if "Authorization" not in request.headers:
        return JsonResponse({}, status=401)
    return JsonResponse({"detail": "not yours" if known else "unknown"}, status=404)


def careless(request: Any, slug: str) -> HttpResponse:
    """Show an organization to everybody."""
    return JsonResponse({"name": Organization.objects.get(slug=slug).name})


def slower(request: Any, slug: str) -> HttpResponse:
    """Take a statement more for what exists."""
    organization = Organization.objects.filter(slug=slug).first()
    list(Membership.objects.filter(organization=organization)) if organization else None
    return JsonResponse({}, status=404)


def one_by_one(request: Any, slug: str) -> HttpResponse:
    """Run a statement for each contact."""
    found = Contact.objects.filter(organization__slug=slug)
    return JsonResponse({"names": [contact.organization.name for contact in found]})


urlpatterns = [
    path("leak/<slug>/", leak),
    path("careless/<slug>/", careless),
    path("slower/<slug>/", slower),
    path("one-by-one/<slug>/", one_by_one),
    path("", include("tests.urls")),
]


@pytest.fixture(autouse=True)
def _routes(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def acme() -> Organization:
    return make.organization(slug="acme")


def test_the_routes_of_the_kit_hide_an_organization_from_strangers(acme: Organization) -> None:
    contact = make.contact(acme)
    assert_stranger_sees_nothing("GET", "/api/v1/orgs/acme/tags/", organization=acme)
    assert_stranger_sees_nothing("POST", "/api/v1/orgs/acme/tags/", organization=acme, json={"name": "VIP"})
    assert_stranger_sees_nothing("GET", "/api/v1/contacts/?organization=acme&limit=1", organization=acme)
    assert_stranger_sees_nothing("PATCH", f"/api/v1/contacts/{contact.slug}/", organization=acme, json={"notes": "x"})
    body = {"organization": "acme", "display_name": "Ada"}
    assert_stranger_sees_nothing("POST", "/api/v1/contacts/", organization=acme, json=body)
    assert Account.objects.count() == 1


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("careless", r"by a stranger: expected 404, saw 200 .*Acme Ltd"),
        ("leak", r"that does not exist differ:\n  404 .*not yours.*\n  404 .*unknown"),
        ("slower", r"take 2 and 1 statements:\n  only the first: 1 × SELECT … FROM .*membership"),
    ],
)
def test_a_route_that_tells_strangers_something_is_found(place: str, says: str) -> None:
    acme = make.organization(name="Acme Ltd", slug="acme")
    with pytest.raises(AssertionError, match=says):
        assert_stranger_sees_nothing("GET", f"/{place}/acme/", organization=acme)


def test_an_open_route_is_found(acme: Organization) -> None:
    with pytest.raises(AssertionError, match=r"expected 404, saw 200"):
        assert_stranger_sees_nothing("GET", "/api/v1/health", organization=acme)


def test_the_roles_that_may_call_a_route_are_exactly_those_allowed(acme: Organization) -> None:
    assert_roles("GET", "/api/v1/orgs/acme/tags/", organization=acme, allowed=ALL)
    assert_roles("POST", "/api/v1/orgs/acme/tags/", organization=acme, allowed=WRITERS, json={"name": "VIP"})
    assert_roles("DELETE", "/api/v1/orgs/acme/?confirm=acme", organization=acme, allowed=["owner"])
    assert (Membership.objects.filter(organization=acme).count(), acme.tags.count()) == (1, 0)
    assert Organization.objects.get(pk=acme.pk).deleted_at is None


@pytest.mark.parametrize(
    ("allowed", "json", "says"),
    [
        (ALL, {"name": "VIP"}, [r"viewer: expected success, saw 403 .*forbidden"]),
        ({"owner"}, {"name": "VIP"}, [r"member: expected 403, saw 201 .*VIP", r"admin: expected 403"]),
        (WRITERS, {}, [r"owner: expected success, saw 422 .*validation_error"]),
    ],
)
def test_roles_that_get_another_answer_are_named(acme: Organization, allowed: Any, json: Any, says: list[str]) -> None:
    with pytest.raises(AssertionError) as raised:
        assert_roles("POST", "/api/v1/orgs/acme/tags/", organization=acme, allowed=allowed, json=json)
    for text in ["POST /api/v1/orgs/acme/tags/", *says]:
        raised.match(text)


@pytest.mark.parametrize("allowed", ["owner", ["boss"]])
def test_a_role_that_does_not_exist_is_an_error(acme: Organization, allowed: Any) -> None:
    with pytest.raises(ValueError, match="ROLES"):
        assert_roles("GET", "/api/v1/orgs/acme/", organization=acme, allowed=allowed)


def test_a_key_may_call_a_route_with_its_permission_only(acme: Organization) -> None:
    assert_keys("GET", "/api/v1/orgs/acme/tags/", organization=acme, needs="tags.read")
    assert_keys("POST", "/api/v1/orgs/acme/tags/", organization=acme, needs="tags.write", json={"name": "VIP"})
    assert (ApiKey.objects.count(), acme.tags.count(), Organization.objects.filter(type="group").count()) == (0, 0, 1)


@pytest.mark.parametrize(
    ("path", "needs", "says"),
    [
        (
            "/api/v1/orgs/acme/tags/",
            "contacts.read",
            ["a key with contacts.read: expected success, saw 403", "without"],
        ),
        ("/api/v1/users/me", "org.read", ["a key with org.read: expected success, saw 403 .*not_for_api_keys"]),
        (
            "/api/v1/orgs/",
            "org.read",
            ["without org.read: expected 403, saw 200", "of another .*expected 404, saw 200"],
        ),
    ],
)
def test_keys_that_get_another_answer_are_named(acme: Organization, path: str, needs: str, says: list[str]) -> None:
    with pytest.raises(AssertionError) as raised:
        assert_keys("GET", path, organization=acme, needs=needs)
    for text in [f"GET {path}", *says]:
        raised.match(f"(?s).*{text}")


def test_a_list_that_takes_a_statement_for_each_row_is_found(acme: Organization) -> None:
    owner = OrgkitClient().as_(acme.memberships.get().account)
    assert_constant_statements(lambda: owner.get("/api/v1/contacts/"), lambda: make.contact(acme))
    says = r"ran 6 statements at first, and 9 .*\n  3 × SELECT … FROM .*organization"
    with pytest.raises(AssertionError, match=says):
        assert_constant_statements(lambda: nobody.get("/one-by-one/acme/"), lambda: make.contact(acme))
    with pytest.raises(AssertionError, match=r"The call: expected success, saw 401"):
        assert_constant_statements(lambda: nobody.get("/api/v1/contacts/"), lambda: make.contact(acme))


def _answer(status: int = 404, **body: Any) -> HttpResponse:
    return JsonResponse(body, status=status, headers={"X-Request-ID": str(random.random())})


def test_equal_answers_pass() -> None:
    pairs: list[tuple[Callable[[], Any], Callable[[], Any]]] = [
        (lambda: _answer(request_id="a"), lambda: _answer(request_id="b")),
        (lambda: nobody.get("/api/v1/contacts/"), lambda: nobody.get("/api/v1/orgs/acme/")),
        (lambda: nobody.get("/api/v1/health?live=1"), lambda: nobody.get("/api/v1/health", {"live": 1})),
    ]
    for one, two in pairs:
        assert_same_answer(one, two)
        assert_same_answer(one(), two())


def test_answers_that_differ_are_shown() -> None:
    def counted() -> HttpResponse:
        return _answer() if Account.objects.count() == 0 else _answer(500)

    pairs: list[tuple[Any, Any, str]] = [
        (_answer(404), _answer(403), r"404 .*\n  403"),
        (_answer(detail="a"), _answer(detail="b"), r"(?s)a.*b"),
        (_answer(), HttpResponse(b"{}", status=404, content_type="text/plain"), "differ"),
        (_answer, counted, r"take 0 and 1 statements:\n  only the first: nothing\n  only the second: 1 × SELECT"),
    ]
    for one, two, says in pairs:
        with pytest.raises(AssertionError, match=says):
            assert_same_answer(one, two)


def test_the_factories_make_what_a_test_needs(settings: Any) -> None:
    account = make.account(password="correct horse battery")
    login = {"email": account.email, "password": "correct horse battery"}
    assert nobody.post("/api/v1/token/pair", login).status_code == 200
    organization = make.organization(account.user, name="Acme")
    viewer = make.member(organization, role="viewer")
    contact = make.contact(organization, creator=account, first_name="Ada")
    images = [make.image(organization, title="Sunset"), make.image(organization)]
    for who in (account, account.user, viewer):
        client = OrgkitClient().as_(who)
        shown = client.get(f"/api/v1/contacts/{contact.slug}/").json()
        assert (shown["display_name"], shown["creator"]) == ("Ada", account.slug)
        listed = client.get(f"/api/v1/images/orgs/{organization.slug}/images/", {"search": "sunset"}).json()
        assert [item["id"] for item in listed["items"]] == [images[0].pk]
        assert b"".join(client.get(listed["items"][0]["url"]).streaming_content).startswith(b"\x89PNG")
    assert [make.contact().organization, make.image().organization, make.member().organization].count(organization) == 0
    settings.NINJA_ORGKIT = {"AUTHENTICATION": ["ninja_orgkit.accounts.authentication.django_session"]}
    assert OrgkitClient().as_(viewer).get("/api/v1/users/me").json()["slug"] == viewer.account.slug


def test_the_client_sends_every_method(acme: Organization) -> None:
    client = OrgkitClient().as_(acme.memberships.get().account)
    made = client.post("/api/v1/contacts/", {"organization": "acme", "first_name": "Ada"})
    place = made["Location"]
    assert client.put(place, {"first_name": "Grace"}).json()["display_name"] == "Grace"
    assert client.patch(place, {"notes": "x"}, headers={"If-Match": client.get(place)["ETag"]}).status_code == 200
    file = SimpleUploadedFile("a.png", b"no picture")
    assert client.upload("/api/v1/images/orgs/acme/images/", file=file).status_code == 415
    assert client.delete(place).status_code == 204
