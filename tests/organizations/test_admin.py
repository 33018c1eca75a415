"""Organizations and memberships in Django's admin."""

from __future__ import annotations

from typing import Any

from django.test import Client

from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.services import organizations
from tests.client import Person
from tests.org import MakePerson, Org, account_of
from tests.organizations.actions import invite, owners_of, roles_in


def test_the_admin_does_not_delete_the_last_owner_and_names_the_organization(org: Org, admin_client: Client) -> None:
    org.add_member("member")
    user = account_of(org.owner).user
    membership = Membership.objects.get(organization=org.row, account=user.pk)
    for path in (f"auth/user/{user.pk}", f"orgkit_organizations/membership/{membership.pk}"):
        assert "Acme" in admin_client.get(f"/admin/{path}/delete/").content.decode()
        response = admin_client.post(f"/admin/{path}/delete/", {"post": "yes"})
        assert response.status_code in (200, 403)
    chosen = {"action": "delete_selected", "_selected_action": [membership.pk], "post": "yes"}
    assert admin_client.post("/admin/orgkit_organizations/membership/", chosen).status_code in (200, 403)
    assert owners_of(org) == [org.owner.slug]


def test_the_admin_does_not_demote_the_last_owner(org: Org, admin_client: Client) -> None:
    org.add_member("member")
    membership = Membership.objects.get(organization=org.row, account__slug=org.owner.slug)
    path = f"/admin/orgkit_organizations/membership/{membership.pk}/change/"
    response = admin_client.post(path, {"role": "viewer"})
    assert response.status_code == 200
    assert "This is the last owner" in response.content.decode()
    assert owners_of(org) == [org.owner.slug]
    assert admin_client.post(path, {"role": "owner"}).status_code == 302


def test_the_admin_closes_an_organization_instead_of_deleting_its_rows(
    org: Org, admin_client: Client, make_person: MakePerson
) -> None:
    home = Organization.objects.get(slug=org.owner.org)
    path = "/admin/orgkit_organizations/organization"
    assert admin_client.post(f"{path}/{org.row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert admin_client.post(f"{path}/{home.pk}/delete/", {"post": "yes"}).status_code in (200, 403)
    assert Organization.objects.get(slug="acme").deleted_at is not None
    assert Organization.objects.get(pk=home.pk).deleted_at is None
    assert org.api.get("/orgs/acme/").status_code == 404


def test_every_page_of_the_admin_opens(org: Org, admin_client: Client) -> None:
    invite(org, "guest@example.com")
    for model in ("organization", "membership", "invitation"):
        path = f"/admin/orgkit_organizations/{model}/"
        page = admin_client.get(path, {"q": "acme"})
        assert page.status_code == 200
        assert b"results" in page.content or b"result" in page.content
    membership = Membership.objects.get(organization=org.row)
    assert admin_client.get(f"/admin/orgkit_organizations/membership/{membership.pk}/change/").status_code == 200
    assert admin_client.get("/admin/orgkit_organizations/membership/add/").status_code == 200
    assert admin_client.get(f"/admin/orgkit_organizations/organization/{org.row.pk}/change/").status_code == 200


def _add(admin_client: Client, organization: Organization, person: Person) -> Any:
    body = {"organization": organization.pk, "account": account_of(person).pk, "role": "member"}
    return admin_client.post("/admin/orgkit_organizations/membership/add/", body)


def test_the_admin_adds_members_only_to_open_groups(org: Org, admin_client: Client, make_person: MakePerson) -> None:
    bob, closed = make_person(), make_person().api.post("/orgs/", {"name": "Gone", "slug": "gone"})
    assert closed.status_code == 201
    assert _add(admin_client, org.row, bob).status_code == 302
    assert bob.slug in roles_in(org)
    home, gone = Organization.objects.get(slug=org.owner.org), Organization.objects.get(slug="gone")
    organizations.close_organization(gone)
    for refused, why in ((home, "personal organization"), (gone, "closed")):
        response = _add(admin_client, refused, bob)
        assert response.status_code == 200
        assert why in response.content.decode()
        assert not refused.memberships.filter(account__slug=bob.slug).exists()


def test_the_admin_can_restore_the_membership_of_a_personal_organization(
    admin_client: Client, make_person: MakePerson
) -> None:
    ada = make_person()
    home = Organization.objects.get(slug=ada.org)
    home.memberships.all()._raw_delete("default")
    assert _add(admin_client, home, ada).status_code == 302
    assert home.memberships.count() == 1


def test_the_admin_accepts_only_an_object_as_custom_fields(admin_client: Client, org: Org) -> None:
    path = f"/admin/orgkit_organizations/organization/{org.row.pk}/change/"
    for custom, status in (("[]", 200), ('"x"', 200), ('{"vat": "GB1"}', 302), ("", 302)):
        assert admin_client.post(path, {"name": "Acme", "custom": custom}).status_code == status
    assert org.api.get(org.path).json()["custom"] == {}
    assert org.api.get("/orgs/").status_code == 200


def test_the_admin_refuses_a_name_of_which_nothing_can_be_seen(org: Org, admin_client: Client) -> None:
    path = f"/admin/orgkit_organizations/organization/{org.row.pk}/change/"
    assert admin_client.post(path, {"name": "\u3164", "custom": "{}"}).status_code == 200
    assert org.api.get(org.path).json()["name"] == "Acme"
