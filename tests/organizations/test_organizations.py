"""Creating, listing, changing and deleting organizations."""

from __future__ import annotations

from typing import Any
from unicodedata import normalize
from urllib.parse import quote

import pytest
from pytest_django import Settings

from ninja_orgkit.organizations.models import Membership, Organization
from tests.client import Api
from tests.conftest import CountQueries
from tests.org import MakePerson, Org

ALL = [
    "audit.read", "contacts.read", "contacts.write", "export.create", "images.read", "images.write",
    "invitations.manage", "keys.manage", "members.manage", "members.read", "org.delete", "org.read", "org.update",
    "owners.manage", "tags.read", "tags.write",
]  # fmt: skip


def test_the_creator_of_an_organization_becomes_its_owner(make_person: MakePerson) -> None:
    api = make_person("ada").api
    response = api.post("/orgs/", {"name": "  Analytical Engines ", "slug": "engines", "custom": {"vat": "GB1"}})
    assert response.status_code == 201
    assert response["Location"] == "http://testserver/api/v1/orgs/engines/"
    body = response.json()
    assert body.pop("created_at").endswith("Z")
    assert body.pop("updated_at").endswith("Z")
    assert body == {
        "slug": "engines",
        "name": "Analytical Engines",
        "type": "group",
        "role": "owner",
        "permissions": ALL,
        "logo_url": None,
        "logo_large_url": None,
        "custom": {"vat": "GB1"},
    }
    assert api.get(response["Location"]).json()["slug"] == "engines"


def test_a_missing_slug_is_generated_from_the_name(make_person: MakePerson) -> None:
    body = make_person().api.post("/orgs/", {"name": "Käse & Brot"}).json()
    assert body["slug"].startswith("käse-brot-")
    assert body["custom"] == {}


def test_a_name_without_letters_still_gets_a_slug(make_person: MakePerson) -> None:
    assert make_person().api.post("/orgs/", {"name": "!!!"}).json()["slug"].startswith("org-")


def test_a_new_account_owns_a_personal_organization(make_person: MakePerson) -> None:
    ada = make_person("ada")
    body = ada.api.get("/orgs/").json()
    assert [(item["type"], item["role"], item["name"]) for item in body["items"]] == [("personal", "owner", "ada")]
    assert body["items"][0]["slug"] == ada.org


def test_a_taken_slug_is_a_conflict_for_everybody(org: Org, make_person: MakePerson) -> None:
    response = make_person().api.post("/orgs/", {"name": "Another", "slug": "acme"})
    assert (response.status_code, response.json()["code"]) == (409, "slug_taken")
    assert Organization.objects.filter(type="group").count() == 1
    assert Membership.objects.filter(organization__type="group").count() == 1


@pytest.mark.parametrize(
    "slug", ["me", "accept", "members", "..", "a", "A1", "a b", "a_b", "-a", "a-", "a--b", "ä1", "x" * 51, ""]
)
def test_a_reserved_or_malformed_slug_is_refused(make_person: MakePerson, slug: str) -> None:
    response = make_person().api.post("/orgs/", {"name": "Name", "slug": slug})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", "slug"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "   "},
        {"name": None},
        {"name": 5},
        {"name": "a\nb"},
        {"name": "x" * 256},
        {"name": "x", "type": "personal"},
        {"name": "x", "custom": []},
        [],
    ],
)
def test_an_invalid_body_creates_nothing(make_person: MakePerson, body: Any) -> None:
    api = make_person().api
    before = Organization.objects.count()
    assert api.post("/orgs/", body).status_code == 422
    assert Organization.objects.count() == before


def test_name_and_custom_fields_can_be_changed_but_nothing_else(org: Org) -> None:
    response = org.api.patch(org.path, {"name": "Acme Ltd", "custom": {"a": 1}})
    assert response.status_code == 200
    assert (response.json()["name"], response.json()["custom"], response.json()["slug"]) == (
        "Acme Ltd",
        {"a": 1},
        "acme",
    )
    assert org.api.patch(org.path, {"custom": {"b": 2}}).json()["custom"] == {"b": 2}
    assert org.api.get(org.path).json()["name"] == "Acme Ltd"
    for body in ({"slug": "other"}, {"type": "personal"}, {"name": ""}, {"name": None}, {"personal_of": None}):
        assert org.api.patch(org.path, body).status_code == 422


def test_an_empty_change_changes_nothing(org: Org) -> None:
    before = org.api.get(org.path).json()
    assert org.api.patch(org.path, {}).json() == before


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("member", 403), ("admin", 200), ("owner", 200)])
def test_changing_an_organization_needs_the_permission(org: Org, role: str, status: int) -> None:
    assert org.add_member(role).api.patch(org.path, {"name": "New"}).status_code == status


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("member", 403), ("admin", 403), ("owner", 204)])
def test_only_owners_can_delete_an_organization(org: Org, role: str, status: int) -> None:
    someone = org.add_member(role)
    assert someone.api.delete(f"{org.path}?confirm=acme").status_code == status
    assert org.api.get(org.path).status_code == (404 if status == 204 else 200)


@pytest.mark.parametrize("query", ["", "?confirm=", "?confirm=ACME", "?confirm=other"])
def test_deleting_an_organization_needs_its_slug_as_confirmation(org: Org, query: str) -> None:
    response = org.api.delete(f"{org.path}{query}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["query", "confirm"]
    assert org.add_member("viewer").api.delete(f"{org.path}{query}").status_code == 403


def test_a_personal_organization_cannot_be_deleted(make_person: MakePerson) -> None:
    ada = make_person()
    response = ada.api.delete(f"/orgs/{ada.org}/?confirm={ada.org}")
    assert (response.status_code, response.json()["code"]) == (409, "personal_organization")
    assert ada.api.get(f"/orgs/{ada.org}/").status_code == 200


def test_renaming_an_organization_changes_its_place_in_the_list(org: Org) -> None:
    org.api.patch(org.path, {"name": "Zz"})
    assert [item["name"] for item in org.api.get("/orgs/").json()["items"]][-1] == "Zz"


def test_whitespace_around_a_slug_is_stripped(make_person: MakePerson) -> None:
    api = make_person().api
    assert api.post("/orgs/", {"name": "x", "slug": " trimmed "}).json()["slug"] == "trimmed"


@pytest.mark.parametrize("name", ["Ünïcode", "\u1100!\u1161"])
def test_an_organization_is_found_by_its_slug_in_either_unicode_form(make_person: MakePerson, name: str) -> None:
    api = make_person().api
    slug = api.post("/orgs/", {"name": name}).json()["slug"]
    for form in ("NFC", "NFD"):
        assert api.get(f"/orgs/{quote(normalize(form, slug))}/").json()["slug"] == slug


def test_organizations_are_sorted_by_name_ignoring_case_and_accents(make_person: MakePerson) -> None:
    api = make_person("m").api
    for name in ("zebra", "Éb", "Apple", "banana", "éa"):
        api.post("/orgs/", {"name": name})
    names = [item["name"] for item in api.get("/orgs/").json()["items"]]
    assert names == ["Apple", "banana", "éa", "Éb", "m", "zebra"]
    assert [item["name"] for item in api.get("/users/me").json()["organizations"]] == names
    newest = [item["name"] for item in api.get("/orgs/", ordering="-created_at").json()["items"]]
    assert newest == ["éa", "banana", "Apple", "Éb", "zebra", "m"]
    assert api.get("/orgs/", ordering="slug").status_code == 422


def test_paging_neither_repeats_nor_skips_organizations_with_equal_names(make_person: MakePerson) -> None:
    api = make_person("m").api
    for _ in range(7):
        assert api.post("/orgs/", {"name": "Same"}).status_code == 201
    seen = [item["slug"] for item in api.walk("/orgs/", limit=3)]
    assert len(seen) == len(set(seen)) == 8


def test_the_list_shows_the_callers_role_in_each_organization(org: Org, make_person: MakePerson) -> None:
    viewer = org.add_member("viewer")
    shown = {
        item["slug"]: (item["role"], "org.update" in item["permissions"])
        for item in viewer.api.get("/orgs/").json()["items"]
    }
    assert shown == {"acme": ("viewer", False), viewer.org: ("owner", True)}


@pytest.mark.parametrize("how_many", [1, 50])
def test_listing_organizations_runs_three_statements_for_1_organization_and_for_50(
    make_person: MakePerson, count_queries: CountQueries, how_many: int
) -> None:
    api = make_person().api
    for number in range(how_many - 1):
        api.post("/orgs/", {"name": f"Org {number}"})
    with count_queries() as queries:
        body = api.get("/orgs/").json()
    assert body["count"] == how_many
    assert len(queries) == 3


def test_roles_and_their_permissions_are_data(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"ROLES": {"auditor": ["org.read", "audit.read"]}}
    auditor = org.add_member("auditor")
    assert auditor.api.get(org.path).json()["permissions"] == ["audit.read", "org.read"]
    assert auditor.api.get(f"{org.path}members/").status_code == 403


def test_no_answer_contains_an_integer_key(org: Org) -> None:
    text = org.api.get("/orgs/").content.decode()
    assert '"id"' not in text
    assert "personal_of" not in text


def test_every_route_needs_a_token(org: Org, api: Api) -> None:
    for method, path in [
        ("GET", "/orgs/"),
        ("POST", "/orgs/"),
        ("GET", org.path),
        ("PATCH", org.path),
        ("DELETE", org.path),
        ("GET", f"{org.path}members/"),
        ("PATCH", f"{org.path}members/{org.owner.slug}/"),
        ("DELETE", f"{org.path}members/{org.owner.slug}/"),
        ("GET", f"{org.path}invitations/"),
        ("POST", f"{org.path}invitations/"),
        ("DELETE", f"{org.path}invitations/00000000-0000-0000-0000-000000000000/"),
        ("POST", "/invitations/accept"),
    ]:
        assert api.send(method, path).status_code == 401, path
