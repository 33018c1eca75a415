from __future__ import annotations

import pytest

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.services import organizations
from tests.organizations.conftest import account_of


def test_members_are_listed_as_they_joined(team):
    ada = team.member("admin", "ada")
    bob = team.member("viewer", "bob")
    Account.objects.filter(slug=bob.slug).update(display_name="Bob B.")
    body = team.owner.api.get(f"{team.path}members/").json()
    assert [(item["slug"], item["role"]) for item in body["items"]] == [
        (team.owner.slug, "owner"),
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
    by_name = team.owner.api.get(f"{team.path}members/", ordering="-username").json()["items"]
    assert [item["username"] for item in by_name] == ["olga", "bob", "ada"]


@pytest.mark.parametrize(("role", "shown"), [("viewer", False), ("member", False), ("admin", True), ("owner", True)])
def test_addresses_are_shown_only_to_who_manages_members(team, role, shown):
    items = team.member(role).api.get(f"{team.path}members/").json()["items"]
    assert [item["email"] is not None for item in items] == [shown, shown]


@pytest.mark.parametrize("how_many", [1, 50])
def test_listing_members_takes_the_same_statements_however_many(team, person, count_queries, how_many):
    for number in range(how_many - 1):
        team.member("member", f"member{number}")
    with count_queries() as queries:
        body = team.owner.api.get(f"{team.path}members/").json()
    assert body["count"] == how_many == len(body["items"])
    assert len(queries) == 4


def test_pages_of_members_who_joined_in_one_moment_are_complete(team):
    for _ in range(5):
        team.member("member")
    Membership.objects.filter(organization=team.row).update(joined_at="2026-01-01T00:00:00Z")
    seen, url = [], f"{team.path}members/?limit=2"
    while url:
        page = team.owner.api.get(url).json()
        seen += [item["slug"] for item in page["items"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == 6


def test_a_role_can_be_changed(team):
    bob = team.member("viewer")
    response = team.owner.api.patch(f"{team.path}members/{bob.slug}/", {"role": "admin"})
    assert response.status_code == 200
    assert response.json()["role"] == team.roles()[bob.slug] == "admin"
    assert bob.api.get(team.path).json()["role"] == "admin"


@pytest.mark.parametrize(
    ("role", "status"), [("", 422), ("king", 422), ("Owner", 422), (None, 422), (3, 422), ("x" * 33, 422)]
)
def test_an_unknown_role_is_refused(team, role, status):
    bob = team.member("viewer")
    response = team.owner.api.patch(f"{team.path}members/{bob.slug}/", {"role": role})
    assert response.status_code == status
    assert response.json()["errors"][0]["loc"] == ["body", "role"]


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_changing_and_removing_members_needs_the_permission(team, role):
    someone, bob = team.member(role), team.member("viewer")
    path = f"{team.path}members/{bob.slug}/"
    assert someone.api.patch(path, {"role": "viewer"}).status_code == 403
    assert someone.api.delete(path).status_code == 403
    assert someone.api.delete(f"{team.path}members/nobody/").status_code == 403
    assert bob.slug in team.roles()


def test_nobody_grants_or_touches_a_role_that_holds_what_they_do_not(team):
    admin, bob = team.member("admin"), team.member("member")
    members = f"{team.path}members/"
    for slug, role in [
        (bob.slug, "owner"),
        (admin.slug, "owner"),
        (team.owner.slug, "viewer"),
        (team.owner.slug, "owner"),
    ]:
        response = admin.api.patch(f"{members}{slug}/", {"role": role})
        assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert admin.api.delete(f"{members}{team.owner.slug}/").status_code == 403
    assert team.roles() == {team.owner.slug: "owner", admin.slug: "admin", bob.slug: "member"}
    assert admin.api.patch(f"{members}{bob.slug}/", {"role": "admin"}).status_code == 200


def test_a_role_of_the_hosts_own_is_no_way_around(team, settings):
    settings.NINJA_ORGKIT = {"ROLES": {"keeper": ["org.read", "members.read", "members.manage"]}}
    keeper, bob = team.member("keeper"), team.member("viewer")
    assert keeper.api.patch(f"{team.path}members/{bob.slug}/", {"role": "keeper"}).status_code == 403
    assert keeper.api.delete(f"{team.path}members/{bob.slug}/").status_code == 403


def test_a_removed_member_is_out_at_once(team):
    bob = team.member("member")
    assert team.owner.api.delete(f"{team.path}members/{bob.slug}/").status_code == 204
    assert bob.api.get(team.path).status_code == 404
    assert team.owner.api.delete(f"{team.path}members/{bob.slug}/").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "member", "admin"])
def test_everybody_may_leave(team, role):
    someone = team.member(role)
    assert someone.api.delete(f"{team.path}members/{someone.slug}/").status_code == 204
    assert someone.api.get(team.path).status_code == 404


@pytest.mark.parametrize("permissions", [["org.read"], ["contacts.read"], []])
def test_a_role_that_may_do_little_may_leave(team, settings, permissions):
    settings.NINJA_ORGKIT = {"ROLES": {"guest": permissions}}
    guest, other = team.member("guest"), team.member("viewer")
    assert guest.api.delete(f"{team.path}members/{other.slug}/").status_code == 403
    assert guest.api.delete(f"{team.path}members/{guest.slug}/").status_code == 204
    assert set(team.roles()) == {team.owner.slug, other.slug}


def test_an_admin_may_demote_themselves(team):
    admin = team.member("admin")
    response = admin.api.patch(f"{team.path}members/{admin.slug}/", {"role": "viewer"})
    assert response.status_code == 200
    assert admin.api.patch(f"{team.path}members/{admin.slug}/", {"role": "admin"}).status_code == 403


def test_the_owner_of_a_personal_organization_can_neither_leave_nor_step_down(person):
    ada = person()
    path = f"/orgs/{ada.org}/members/{ada.slug}/"
    assert ada.api.delete(path).json()["code"] == "personal_organization"
    assert ada.api.patch(path, {"role": "viewer"}).json()["code"] == "last_owner"
    assert ada.api.get(f"/orgs/{ada.org}/").json()["role"] == "owner"


def test_who_is_in_somebody_elses_personal_organization_can_be_removed_and_may_leave(person):
    ada, bob, eve = person(), person(), person()
    home = Organization.objects.get(slug=ada.org)
    for guest in (bob, eve):
        Membership.objects.create(organization=home, account=account_of(guest), role="member")
    assert ada.api.delete(f"/orgs/{ada.org}/members/{bob.slug}/").status_code == 204
    assert eve.api.delete(f"/orgs/{ada.org}/members/{eve.slug}/").status_code == 204
    assert ada.api.delete(f"/orgs/{ada.org}/members/{ada.slug}/").json()["code"] == "personal_organization"
    assert list(home.memberships.values_list("account__slug", flat=True)) == [ada.slug]


def _add(admin_client, organization, person):
    body = {"organization": organization.pk, "account": account_of(person).pk, "role": "member"}
    return admin_client.post("/admin/orgkit_organizations/membership/add/", body)


def test_the_admin_adds_members_to_groups_and_nobody_to_what_is_personal_or_closed(team, admin_client, person):
    bob, closed = person(), person().api.post("/orgs/", {"name": "Gone", "slug": "gone"})
    assert closed.status_code == 201
    assert _add(admin_client, team.row, bob).status_code == 302
    assert bob.slug in team.roles()
    home, gone = Organization.objects.get(slug=team.owner.org), Organization.objects.get(slug="gone")
    organizations.close(gone)
    for refused, why in ((home, "cannot be shared"), (gone, "closed")):
        response = _add(admin_client, refused, bob)
        assert response.status_code == 200
        assert why in response.content.decode()
        assert not refused.memberships.filter(account__slug=bob.slug).exists()


def test_the_admin_gives_somebody_their_personal_organization_back(admin_client, person):
    ada = person()
    home = Organization.objects.get(slug=ada.org)
    home.memberships.all()._raw_delete("default")
    assert _add(admin_client, home, ada).status_code == 302
    assert home.memberships.count() == 1


def test_what_a_member_may_do_is_decided_again_under_the_lock(team):
    """A request that passed the gate finds its sender demoted: it must not go on with the rights of before."""
    from ninja_orgkit.errors import Forbidden
    from ninja_orgkit.organizations.services import members

    admin, bob = team.member("admin"), team.member("member")
    stale = Membership.objects.select_related("organization", "account").get(
        account=account_of(admin), organization=team.row
    )
    team.owner.api.patch(f"{team.path}members/{admin.slug}/", {"role": "viewer"})
    with pytest.raises(Forbidden):
        members.change_role(by=stale, account_slug=bob.slug, role="admin")
    with pytest.raises(Forbidden):
        members.remove_member(by=stale, account_slug=bob.slug)
    assert team.roles()[bob.slug] == "member"
