from __future__ import annotations

from unicodedata import normalize
from urllib.parse import quote

import pytest

from ninja_orgkit.organizations.models import Membership, Organization

ALL = [
    "audit.read", "contacts.read", "contacts.write", "export.create", "images.read", "images.write",
    "invitations.manage", "members.manage", "members.read", "org.delete", "org.read", "org.update", "owners.manage",
    "tags.read", "tags.write",
]  # fmt: skip


def test_whoever_creates_an_organization_owns_it(person):
    api = person("ada").api
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
        "custom": {"vat": "GB1"},
    }
    assert api.get(response["Location"]).json()["slug"] == "engines"


def test_a_slug_is_made_of_the_name_when_none_is_given(person):
    body = person().api.post("/orgs/", {"name": "Käse & Brot"}).json()
    assert body["slug"].startswith("käse-brot-")
    assert body["custom"] == {}


def test_a_name_without_a_single_letter_still_gets_a_slug(person):
    assert person().api.post("/orgs/", {"name": "!!!"}).json()["slug"].startswith("org-")


def test_a_new_account_has_a_personal_organization_of_which_it_is_the_owner(person):
    ada = person("ada")
    body = ada.api.get("/orgs/").json()
    assert [(item["type"], item["role"], item["name"]) for item in body["items"]] == [("personal", "owner", "ada")]
    assert body["items"][0]["slug"] == ada.org


def test_a_taken_slug_is_a_conflict_for_everybody(team, person):
    response = person().api.post("/orgs/", {"name": "Another", "slug": "acme"})
    assert (response.status_code, response.json()["code"]) == (409, "slug_taken")
    assert Organization.objects.filter(type="group").count() == 1
    assert Membership.objects.filter(organization__type="group").count() == 1


@pytest.mark.parametrize(
    "slug", ["me", "accept", "members", "..", "a", "A1", "a b", "a_b", "-a", "a-", "a--b", "ä1", "x" * 51, ""]
)
def test_a_slug_that_is_a_route_word_or_malformed_is_refused(person, slug):
    response = person().api.post("/orgs/", {"name": "Name", "slug": slug})
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
def test_a_body_that_is_not_valid_creates_nothing(person, body):
    api = person().api
    before = Organization.objects.count()
    assert api.post("/orgs/", body).status_code == 422
    assert Organization.objects.count() == before


def test_name_and_custom_fields_can_be_changed_but_nothing_else(team):
    response = team.owner.api.patch(team.path, {"name": "Acme Ltd", "custom": {"a": 1}})
    assert response.status_code == 200
    assert (response.json()["name"], response.json()["custom"], response.json()["slug"]) == (
        "Acme Ltd",
        {"a": 1},
        "acme",
    )
    assert team.owner.api.patch(team.path, {"custom": {"b": 2}}).json()["custom"] == {"b": 2}
    assert team.owner.api.get(team.path).json()["name"] == "Acme Ltd"
    for body in ({"slug": "other"}, {"type": "personal"}, {"name": ""}, {"name": None}, {"personal_of": None}):
        assert team.owner.api.patch(team.path, body).status_code == 422


def test_an_empty_change_changes_nothing(team):
    before = team.owner.api.get(team.path).json()
    assert team.owner.api.patch(team.path, {}).json() == before


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("member", 403), ("admin", 200), ("owner", 200)])
def test_changing_an_organization_needs_the_permission(team, role, status):
    assert team.member(role).api.patch(team.path, {"name": "New"}).status_code == status


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("member", 403), ("admin", 403), ("owner", 204)])
def test_deleting_an_organization_is_for_owners(team, role, status):
    someone = team.member(role)
    assert someone.api.delete(f"{team.path}?confirm=acme").status_code == status
    assert team.owner.api.get(team.path).status_code == (404 if status == 204 else 200)


@pytest.mark.parametrize("query", ["", "?confirm=", "?confirm=ACME", "?confirm=other"])
def test_deleting_needs_the_slug_repeated(team, query):
    response = team.owner.api.delete(f"{team.path}{query}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["query", "confirm"]
    assert team.member("viewer").api.delete(f"{team.path}{query}").status_code == 403


def test_a_personal_organization_cannot_be_deleted(person):
    ada = person()
    response = ada.api.delete(f"/orgs/{ada.org}/?confirm={ada.org}")
    assert (response.status_code, response.json()["code"]) == (409, "personal_organization")
    assert ada.api.get(f"/orgs/{ada.org}/").status_code == 200


def test_a_renamed_organization_moves_in_the_list(team):
    team.owner.api.patch(team.path, {"name": "Zz"})
    assert [item["name"] for item in team.owner.api.get("/orgs/").json()["items"]][-1] == "Zz"


def test_the_slug_of_an_organization_is_stripped(person):
    api = person().api
    assert api.post("/orgs/", {"name": "x", "slug": " trimmed "}).json()["slug"] == "trimmed"


@pytest.mark.parametrize("name", ["Ünïcode", "\u1100!\u1161"])
def test_an_organization_is_found_by_its_slug_in_either_unicode_form(person, name):
    api = person().api
    slug = api.post("/orgs/", {"name": name}).json()["slug"]
    for form in ("NFC", "NFD"):
        assert api.get(f"/orgs/{quote(normalize(form, slug))}/").json()["slug"] == slug


def test_organizations_are_listed_by_name_whatever_its_case_or_accents(person):
    api = person("m").api
    for name in ("zebra", "Éb", "Apple", "banana", "éa"):
        api.post("/orgs/", {"name": name})
    names = [item["name"] for item in api.get("/orgs/").json()["items"]]
    assert names == ["Apple", "banana", "éa", "Éb", "m", "zebra"]
    assert [item["name"] for item in api.get("/users/me").json()["organizations"]] == names
    newest = [item["name"] for item in api.get("/orgs/", ordering="-created_at").json()["items"]]
    assert newest == ["éa", "banana", "Apple", "Éb", "zebra", "m"]
    assert api.get("/orgs/", ordering="slug").status_code == 422


def test_pages_of_organizations_neither_repeat_nor_skip_equal_names(person):
    api = person("m").api
    for _ in range(7):
        assert api.post("/orgs/", {"name": "Same"}).status_code == 201
    seen, url = [], "/orgs/?limit=3"
    while url:
        page = api.get(url).json()
        seen += [item["slug"] for item in page["items"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == 8


def test_the_list_shows_the_callers_own_role_in_each(team, person):
    viewer = team.member("viewer")
    shown = {
        item["slug"]: (item["role"], "org.update" in item["permissions"])
        for item in viewer.api.get("/orgs/").json()["items"]
    }
    assert shown == {"acme": ("viewer", False), viewer.org: ("owner", True)}


@pytest.mark.parametrize("how_many", [1, 50])
def test_listing_organizations_takes_the_same_statements_however_many(person, count_queries, how_many):
    api = person().api
    for number in range(how_many - 1):
        api.post("/orgs/", {"name": f"Org {number}"})
    with count_queries() as queries:
        body = api.get("/orgs/").json()
    assert body["count"] == how_many
    assert len(queries) == 3


def test_roles_and_their_permissions_are_data(team, settings):
    settings.NINJA_ORGKIT = {"ROLES": {"auditor": ["org.read", "audit.read"]}}
    auditor = team.member("auditor")
    assert auditor.api.get(team.path).json()["permissions"] == ["audit.read", "org.read"]
    assert auditor.api.get(f"{team.path}members/").status_code == 403


def test_no_answer_holds_an_integer_key(team):
    text = team.owner.api.get("/orgs/").content.decode()
    assert '"id"' not in text
    assert "personal_of" not in text


def test_without_a_token_every_route_is_closed(team, api):
    for method, path in [
        ("GET", "/orgs/"),
        ("POST", "/orgs/"),
        ("GET", team.path),
        ("PATCH", team.path),
        ("DELETE", team.path),
        ("GET", f"{team.path}members/"),
        ("PATCH", f"{team.path}members/{team.owner.slug}/"),
        ("DELETE", f"{team.path}members/{team.owner.slug}/"),
        ("GET", f"{team.path}invitations/"),
        ("POST", f"{team.path}invitations/"),
        ("DELETE", f"{team.path}invitations/00000000-0000-0000-0000-000000000000/"),
        ("POST", "/invitations/accept"),
    ]:
        assert api.send(method, path).status_code == 401, path


def test_the_admin_keeps_custom_fields_an_object(admin_client, team):
    path = f"/admin/orgkit_organizations/organization/{team.row.pk}/change/"
    for custom, status in (("[]", 200), ('"x"', 200), ('{"vat": "GB1"}', 302), ("", 302)):
        assert admin_client.post(path, {"name": "Acme", "custom": custom}).status_code == status
    assert team.owner.api.get(team.path).json()["custom"] == {}
    assert team.owner.api.get("/orgs/").status_code == 200
