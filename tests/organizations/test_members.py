"""Listing, changing and removing members."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from pytest_django import Settings

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.database.keys import username_key
from ninja_orgkit.errors import Forbidden
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.services import members
from tests.conftest import CountQueries
from tests.org import MakePerson, Org, account_of
from tests.organizations.actions import roles_in

pytestmark = pytest.mark.usefixtures("shared_org")


def test_members_are_listed_in_the_order_they_joined(org: Org) -> None:
    ada = org.add_member("admin", "ada")
    bob = org.add_member("viewer", "bob")
    Account.objects.filter(slug=bob.slug).update(display_name="Bob B.")
    body = org.api.get(f"{org.path}members/").json()
    assert [(item["slug"], item["role"]) for item in body["items"]] == [
        (org.owner.slug, "owner"),
        (ada.slug, "admin"),
        (bob.slug, "viewer"),
    ]
    last = body["items"][2]
    assert last.pop("joined_at").endswith("Z")
    assert last == {
        "slug": bob.slug,
        "username": "bob",
        "display_name": "Bob B.",
        "avatar_url": None,
        "email": "bob@example.com",
        "role": "viewer",
    }
    by_name = org.api.get(f"{org.path}members/", ordering="-username").json()["items"]
    assert [item["username"] for item in by_name] == ["olga", "bob", "ada"]


@pytest.mark.parametrize(("role", "shown"), [("viewer", False), ("member", False), ("admin", True), ("owner", True)])
def test_only_people_who_manage_members_see_email_addresses(org: Org, role: str, shown: bool) -> None:
    items = org.add_member(role).api.get(f"{org.path}members/").json()["items"]
    assert [item["email"] is not None for item in items] == [shown, shown]


@pytest.mark.parametrize("how_many", [1, 50])
def test_listing_members_runs_three_statements_for_1_member_and_for_50(
    org: Org, make_person: MakePerson, count_queries: CountQueries, how_many: int
) -> None:
    for number in range(how_many - 1):
        org.add_member("member", f"member{number}")
    with count_queries() as queries:
        body = org.api.get(f"{org.path}members/").json()
    assert body["count"] == how_many == len(body["items"])
    assert len(queries) == 3


def test_one_member_is_shown_as_in_the_list(org: Org, count_queries: CountQueries) -> None:
    bob = org.add_member("member", "bob")
    for api in (org.api, org.as_("viewer")):
        listed = {item["slug"]: item for item in api.get(f"{org.path}members/").json()["items"]}
        for slug in (bob.slug, org.owner.slug):
            with count_queries() as queries:
                response = api.get(f"{org.path}members/{slug}/")
            assert (response.status_code, len(queries)) == (200, 2)
            assert response.json() == listed[slug]
            assert response["ETag"]


def test_members_cannot_be_added_by_a_client(org: Org) -> None:
    response = org.api.post(f"{org.path}members/", {"member": org.stranger.slug, "role": "viewer"})
    assert response.status_code == 405
    assert set(response["Allow"].split(", ")) == {"GET", "HEAD"}
    assert len(roles_in(org)) == 1


@pytest.mark.parametrize("role", ["viewer", "owner", "admin"])
def test_members_can_be_filtered_by_role(org: Org, role: str) -> None:
    people = {name: {org.add_member(name).slug for _ in range(2)} for name in ("viewer", "member")}
    people["owner"] = {org.owner.slug}
    page = org.api.get(f"{org.path}members/", role=role).json()
    assert {item["slug"] for item in page["items"]} == people.get(role, set())
    assert page["count"] == len(people.get(role, ()))


@pytest.mark.parametrize("role", ["king", "Owner", "", "x" * 33])
def test_filtering_by_an_unknown_role_is_refused(org: Org, role: str) -> None:
    response = org.api.get(f"{org.path}members/", role=role)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["query", "role"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("zoe", {"zoe"}),
        ("ZO\u00cb", {"zoe"}),
        ("mueller", set()),
        ("Mu\u0308ller zoe", {"zoe"}),
        ("muller bob", set()),
        ("bob", {"bob"}),
        ("%", set()),
        ("", {"olga", "zoe", "bob"}),
    ],
)
def test_members_are_searched_by_names_and_username(org: Org, search: str, found: set[str]) -> None:
    zoe, _ = org.add_member("viewer", "zoe"), org.add_member("viewer", "bob")
    assert zoe.api.patch("/users/me", {"first_name": "Zo\u00eb", "last_name": "M\u00fcller"}).status_code == 200
    for api in (org.api, zoe.api):
        page = api.get(f"{org.path}members/", search=search).json()
        assert {item["username"] for item in page["items"]} == found
        assert page["count"] == len(found)


def test_only_people_who_see_addresses_find_members_by_them(org: Org, make_person: MakePerson) -> None:
    org.join(make_person("bob", email="b.secret@mail.example"), "viewer")
    for role, found in (("viewer", []), ("member", []), ("admin", ["bob"]), ("owner", ["bob"])):
        for search in ("SECRET", "mail.example", "bob secret"):
            items = org.as_(role).get(f"{org.path}members/", search=search).json()["items"]
            assert [item["username"] for item in items] == found


@pytest.mark.parametrize("how_many", [1, 50])
def test_searching_members_runs_three_statements_for_1_member_and_for_50(
    org: Org, count_queries: CountQueries, how_many: int
) -> None:
    for number in range(how_many):
        org.add_member("member", f"found{number}")
    with count_queries() as queries:
        body = org.api.get(f"{org.path}members/", search="found", role="member", ordering="display_name").json()
    assert body["count"] == how_many == len(body["items"])
    assert len(queries) == 3


@pytest.mark.parametrize("ordering", ["display_name", "-display_name"])
def test_members_are_ordered_by_the_name_that_people_see(org: Org, ordering: str) -> None:
    for username, name in (("a1", "\u00e9mile"), ("a2", "Zed"), ("a3", "eve"), ("a4", ""), ("a5", "Eve")):
        person = org.add_member("member", username)
        assert person.api.patch("/users/me", {"display_name": name}).status_code == 200
    seen = [item["display_name"] for item in org.api.walk(f"{org.path}members/", ordering=ordering, limit=2)]
    expected = ["a4", "\u00e9mile", "eve", "eve", "olga", "zed"]
    assert [name.casefold() for name in seen] == (expected if ordering == "display_name" else expected[::-1])


@pytest.mark.parametrize("ordering", ["username", "-username"])
def test_members_are_ordered_by_username_however_it_is_spelt(org: Org, ordering: str) -> None:
    # Users of a host that counts spellings as different: only the first of them owns the name.
    for username in ("b", "ada", "A.D.A", "a_b", "\u00e9mile", "\u00c9.mile", "\u00e9a"):
        user = get_user_model().objects.create_user(username=username, email="")
        Membership.objects.create(organization=org.row, account=user.orgkit_account, role="member")
    seen = [item["username"] for item in org.api.walk(f"{org.path}members/", ordering=ordering, limit=2)]
    keys = [username_key(name) for name in seen]
    expected = ["ab", "ada", "ada", "b", "olga", "\u00e9a", "\u00e9mile", "\u00e9mile"]
    assert keys == (expected if ordering == "username" else expected[::-1])


def test_members_are_ordered_by_the_rank_of_their_role(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "ROLES": {"partner": ["org.read", "owners.manage"]}}
    for role in ("viewer", "partner", "member", "dropped", "admin", "viewer"):
        org.add_member(role)
    expected = ["owner", "partner", "admin", "member", "viewer", "viewer", "dropped"]
    for ordering, wanted in (("role", expected), ("-role", expected[::-1])):
        seen = [item["role"] for item in org.api.walk(f"{org.path}members/", ordering=ordering, limit=2)]
        assert seen == wanted


def test_paging_shows_all_members_who_joined_at_the_same_moment(org: Org) -> None:
    for _ in range(5):
        org.add_member("member")
    Membership.objects.filter(organization=org.row).update(joined_at="2026-01-01T00:00:00Z")
    seen = [item["slug"] for item in org.api.walk(f"{org.path}members/", limit=2)]
    assert len(seen) == len(set(seen)) == 6


def test_a_role_can_be_changed(org: Org) -> None:
    bob = org.add_member("viewer")
    response = org.api.patch(f"{org.path}members/{bob.slug}/", {"role": "admin"})
    assert response.status_code == 200
    assert response.json()["role"] == roles_in(org)[bob.slug] == "admin"
    assert bob.api.get(org.path).json()["role"] == "admin"


@pytest.mark.parametrize(
    ("role", "status"), [("", 422), ("king", 422), ("Owner", 422), (None, 422), (3, 422), ("x" * 33, 422)]
)
def test_an_unknown_role_is_refused(org: Org, role: str, status: int) -> None:
    bob = org.add_member("viewer")
    response = org.api.patch(f"{org.path}members/{bob.slug}/", {"role": role})
    assert response.status_code == status
    assert response.json()["errors"][0]["loc"] == ["body", "role"]


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_changing_and_removing_members_needs_the_permission(org: Org, role: str) -> None:
    someone, bob = org.add_member(role), org.add_member("viewer")
    path = f"{org.path}members/{bob.slug}/"
    assert someone.api.patch(path, {"role": "viewer"}).status_code == 403
    assert someone.api.delete(path).status_code == 403
    assert someone.api.delete(f"{org.path}members/nobody/").status_code == 403
    assert bob.slug in roles_in(org)


def test_nobody_can_grant_or_change_a_role_with_more_permissions_than_their_own(org: Org) -> None:
    admin, bob = org.add_member("admin"), org.add_member("member")
    members = f"{org.path}members/"
    for slug, role in [
        (bob.slug, "owner"),
        (admin.slug, "owner"),
        (org.owner.slug, "viewer"),
        (org.owner.slug, "owner"),
    ]:
        response = admin.api.patch(f"{members}{slug}/", {"role": role})
        assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert admin.api.delete(f"{members}{org.owner.slug}/").status_code == 403
    assert roles_in(org) == {org.owner.slug: "owner", admin.slug: "admin", bob.slug: "member"}
    assert admin.api.patch(f"{members}{bob.slug}/", {"role": "admin"}).status_code == 200


def test_a_role_defined_by_the_host_follows_the_same_rule(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"ROLES": {"keeper": ["org.read", "members.read", "members.manage"]}}
    keeper, bob = org.add_member("keeper"), org.add_member("viewer")
    assert keeper.api.patch(f"{org.path}members/{bob.slug}/", {"role": "keeper"}).status_code == 403
    assert keeper.api.delete(f"{org.path}members/{bob.slug}/").status_code == 403


def test_a_removed_member_loses_access_at_once(org: Org) -> None:
    bob = org.add_member("member")
    assert org.api.delete(f"{org.path}members/{bob.slug}/").status_code == 204
    assert bob.api.get(org.path).status_code == 404
    assert org.api.delete(f"{org.path}members/{bob.slug}/").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "member", "admin"])
def test_everybody_but_the_last_owner_can_leave(org: Org, role: str) -> None:
    someone = org.add_member(role)
    assert someone.api.delete(f"{org.path}members/{someone.slug}/").status_code == 204
    assert someone.api.get(org.path).status_code == 404


@pytest.mark.parametrize("permissions", [["org.read"], ["contacts.read"], []])
def test_a_member_whose_role_permits_almost_nothing_can_leave(
    org: Org, settings: Settings, permissions: list[str]
) -> None:
    settings.NINJA_ORGKIT = {"ROLES": {"guest": permissions}}
    guest, other = org.add_member("guest"), org.add_member("viewer")
    assert guest.api.delete(f"{org.path}members/{other.slug}/").status_code == 403
    assert guest.api.delete(f"{org.path}members/{guest.slug}/").status_code == 204
    assert set(roles_in(org)) == {org.owner.slug, other.slug}


def test_an_admin_can_demote_themselves(org: Org) -> None:
    admin = org.add_member("admin")
    response = admin.api.patch(f"{org.path}members/{admin.slug}/", {"role": "viewer"})
    assert response.status_code == 200
    assert admin.api.patch(f"{org.path}members/{admin.slug}/", {"role": "admin"}).status_code == 403


def test_the_owner_of_a_personal_organization_cannot_leave_or_step_down(make_person: MakePerson) -> None:
    ada = make_person()
    path = f"/orgs/{ada.org}/members/{ada.slug}/"
    assert ada.api.delete(path).json()["code"] == "personal_organization"
    assert ada.api.patch(path, {"role": "viewer"}).json()["code"] == "last_owner"
    assert ada.api.get(f"/orgs/{ada.org}/").json()["role"] == "owner"


def test_guests_of_a_personal_organization_can_leave_and_can_be_removed(make_person: MakePerson) -> None:
    ada, bob, eve = make_person(), make_person(), make_person()
    home = Organization.objects.get(slug=ada.org)
    for guest in (bob, eve):
        Membership.objects.create(organization=home, account=account_of(guest), role="member")
    assert ada.api.delete(f"/orgs/{ada.org}/members/{bob.slug}/").status_code == 204
    assert eve.api.delete(f"/orgs/{ada.org}/members/{eve.slug}/").status_code == 204
    assert ada.api.delete(f"/orgs/{ada.org}/members/{ada.slug}/").json()["code"] == "personal_organization"
    assert list(home.memberships.values_list("account__slug", flat=True)) == [ada.slug]


def test_permissions_are_checked_again_under_the_lock(org: Org) -> None:
    """A request that has passed the permission check must not go on with rights that its sender has just lost."""
    admin, bob = org.add_member("admin"), org.add_member("member")
    row, stale, target = org.row, account_of(admin), account_of(bob)
    org.api.patch(f"{org.path}members/{admin.slug}/", {"role": "viewer"})
    with pytest.raises(Forbidden):
        members.change_role(row, target, by=stale, role="admin")
    with pytest.raises(Forbidden):
        members.remove_member(row, target, by=stale)
    assert roles_in(org)[bob.slug] == "member"
