"""An organization keeps an owner, whatever removes or demotes its owners."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.test import Client

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.organizations.errors import LastOwner
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.selectors import orphaned_without
from tests.conftest import CountQueries
from tests.org import MakePerson, Org, account_of
from tests.organizations.actions import invite, roles_in
from tests.parallel import in_parallel


def _owners(org: Org) -> Any:
    return [slug for slug, role in roles_in(org).items() if role == "owner"]


def test_the_last_owner_cannot_leave_or_step_down(org: Org) -> None:
    org.add_member("admin")
    path = f"{org.path}members/{org.owner.slug}/"
    for response in (org.api.delete(path), org.api.patch(path, {"role": "admin"})):
        assert (response.status_code, response.json()["code"]) == (409, "last_owner")
    assert _owners(org) == [org.owner.slug]


def test_an_owner_without_other_members_cannot_leave_either(org: Org) -> None:
    response = org.api.delete(f"{org.path}members/{org.owner.slug}/")
    assert response.json()["code"] == "last_owner"


def test_one_of_two_owners_can_leave_and_then_the_other_cannot(org: Org) -> None:
    second = org.add_member("owner")
    assert org.api.delete(f"{org.path}members/{org.owner.slug}/").status_code == 204
    assert second.api.delete(f"{org.path}members/{second.slug}/").status_code == 409
    assert _owners(org) == [second.slug]


def test_the_owner_check_sees_all_members_of_a_large_organization(org: Org) -> None:
    for number in range(210):
        user = get_user_model().objects.create_user(f"many{number}")
        Membership.objects.create(organization=org.row, account_id=user.pk, role="member")
    second = org.add_member("owner")
    assert org.api.delete(f"{org.path}members/{org.owner.slug}/").status_code == 204
    assert _owners(org) == [second.slug]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["leave", "step down", "remove each other"])
def test_when_both_owners_leave_at_once_one_stays(org: Org, way: str) -> None:
    second = org.add_member("owner")
    owners = [org.owner, second]

    def go(number: int) -> int:
        person, other = owners[number], owners[1 - number]
        match way:
            case "leave":
                response = person.api.delete(f"{org.path}members/{person.slug}/")
            case "step down":
                response = person.api.patch(f"{org.path}members/{person.slug}/", {"role": "viewer"})
            case _:
                response = person.api.delete(f"{org.path}members/{other.slug}/")
        return int(response.status_code)

    expected = {"leave": [[204, 409]], "step down": [[200, 409]], "remove each other": [[204, 403], [204, 404]]}
    assert sorted(in_parallel(2, go)) in expected[way]
    assert len(_owners(org)) == 1


def _demote(membership: Membership) -> None:
    membership.role = "member"
    membership.save()


def _overwrite(membership: Membership) -> None:
    Membership.objects.bulk_create(
        [Membership(organization=membership.organization, account=membership.account, role="member")],
        update_conflicts=True,
        unique_fields=["account", "organization"],
        update_fields=["role"],
    )


WAYS = {
    "delete one": lambda membership: membership.delete(),
    "delete several": lambda membership: Membership.objects.filter(pk=membership.pk).delete(),
    "demote one": _demote,
    "demote several": lambda membership: Membership.objects.filter(pk=membership.pk).update(role="member"),
    "overwrite": _overwrite,
}


class Meeting:
    """Where two transactions wait for each other before they commit, unless one of them has to wait for a lock."""

    def __init__(self) -> None:
        self._barrier = threading.Barrier(2)

    def wait(self) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            self._barrier.wait(timeout=0.5)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", WAYS)
def test_when_the_orm_removes_both_owners_at_once_one_stays(org: Org, way: str) -> None:
    org.add_member("owner")
    owners = list(Membership.objects.filter(organization=org.row).select_related("organization", "account"))
    meeting = Meeting()

    def take(number: int) -> str:
        try:
            with transaction.atomic():
                WAYS[way](owners[number])
                meeting.wait()
        except (LastOwner, ProtectedError):
            return "kept"
        return "taken"

    assert sorted(in_parallel(2, take)) == ["kept", "taken"]
    assert len(_owners(org)) == 1


@pytest.mark.django_db(transaction=True)
def test_when_the_orm_and_the_api_demote_both_owners_at_once_one_stays(org: Org) -> None:
    other = Membership.objects.get(organization=org.row, account=account_of(org.add_member("owner")))
    meeting = Meeting()

    def demote(number: int) -> None:
        if number:
            org.api.patch(f"{org.path}members/{org.owner.slug}/", {"role": "viewer"})
            meeting.wait()
            return
        with contextlib.suppress(LastOwner), transaction.atomic():
            _demote(other)
            meeting.wait()

    in_parallel(2, demote)
    assert len(_owners(org)) == 1


def test_saving_an_instance_that_was_never_loaded_cannot_demote_the_last_owner(org: Org) -> None:
    mine = Membership.objects.get(organization=org.row, account__slug=org.owner.slug)
    unread = Membership(pk=mine.pk, organization=mine.organization, account=mine.account, role="member")
    with pytest.raises(LastOwner):
        unread.save()
    assert _owners(org) == [org.owner.slug]


def test_creating_memberships_in_bulk_runs_one_statement(
    org: Org, make_person: MakePerson, count_queries: CountQueries
) -> None:
    new = [Membership(organization=org.row, account=account_of(make_person()), role="member") for _ in range(3)]
    with count_queries() as queries:
        Membership.objects.bulk_create(new)
    assert len([item for item in queries if "orgkit_organizations" in item["sql"]]) == 1
    assert len(roles_in(org)) == 4


@pytest.mark.django_db(transaction=True)
def test_when_the_users_of_both_owners_are_deleted_at_once_one_stays(org: Org) -> None:
    second = org.add_member("owner")
    org.add_member("member")
    users = [account_of(person).user for person in (org.owner, second)]

    def delete(number: int) -> str:
        try:
            users[number].delete()
        except ProtectedError:
            return "kept"
        return "deleted"

    assert sorted(in_parallel(2, delete)) == ["deleted", "kept"]
    assert len(_owners(org)) == 1


def test_the_orm_cannot_delete_the_user_of_the_last_owner(org: Org) -> None:
    org.add_member("member")
    user = account_of(org.owner).user
    with pytest.raises(ProtectedError):
        user.delete()
    with pytest.raises(ProtectedError):
        get_user_model().objects.filter(pk=user.pk).delete()
    with pytest.raises(ProtectedError):
        Account.objects.filter(pk=user.pk).delete()
    assert _owners(org) == [org.owner.slug]


def test_deleting_all_owners_in_one_queryset_is_refused(org: Org) -> None:
    second = org.add_member("owner")
    org.add_member("member")
    users = get_user_model().objects.filter(orgkit_account__slug__in=[org.owner.slug, second.slug])
    with pytest.raises(ProtectedError):
        users.delete()
    assert len(_owners(org)) == 2


def test_all_owners_cannot_be_deleted_even_in_separate_batches(org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    """Django collects related rows batch by batch on databases that limit the parameters of a statement."""
    monkeypatch.setattr(type(connection.ops), "bulk_batch_size", lambda self, fields, objs: 1)
    second = org.add_member("owner")
    org.add_member("member")
    users = get_user_model().objects.filter(orgkit_account__slug__in=[org.owner.slug, second.slug])
    with pytest.raises(ProtectedError):
        users.delete()
    assert len(_owners(org)) == 2


@pytest.mark.parametrize("roles", [["member"], ["owner", "member"], ["owner"]])
def test_deleting_all_members_deletes_the_organization(org: Org, roles: list[str]) -> None:
    for role in roles:
        org.add_member(role)
    get_user_model().objects.all().delete()
    assert not Membership.objects.exists()
    assert not Organization.objects.filter(deleted_at=None).exists()


def test_deleting_the_only_member_deletes_the_organization(org: Org) -> None:
    account_of(org.owner).user.delete()
    assert not Organization.objects.filter(deleted_at=None).exists()


def test_the_orm_cannot_remove_or_demote_the_last_owner(org: Org) -> None:
    org.add_member("member")
    mine = Membership.objects.filter(organization=org.row, account__slug=org.owner.slug)
    with pytest.raises(ProtectedError):
        mine.delete()
    with pytest.raises(ProtectedError):
        mine.get().delete()
    with pytest.raises(ProtectedError):
        account_of(org.owner).memberships.all().delete()
    with pytest.raises(LastOwner):
        mine.update(role="member")
    demoted = mine.get()
    demoted.role = "member"
    with pytest.raises(LastOwner):
        demoted.save()
    with pytest.raises(LastOwner), transaction.atomic():
        Membership.objects.bulk_update([demoted], ["role"])
    demoted.pk = None
    with pytest.raises(LastOwner):
        Membership.objects.bulk_create(
            [demoted], update_conflicts=True, unique_fields=["account", "organization"], update_fields=["role"]
        )
    assert _owners(org) == [org.owner.slug]


def test_the_last_owner_cannot_be_moved_to_another_organization(org: Org) -> None:
    ada = org.add_member("member")
    elsewhere = Organization.objects.get(slug=ada.org)
    mine = Membership.objects.filter(organization=org.row, account__slug=org.owner.slug)
    moved = mine.get()
    moved.organization = elsewhere
    with pytest.raises(ValidationError):
        moved.full_clean()
    with pytest.raises(LastOwner):
        moved.save()
    for column in ("organization", "organization_id"):
        with pytest.raises(LastOwner):
            mine.update(**{column: elsewhere.pk})
    assert _owners(org) == [org.owner.slug]


def test_two_members_can_swap_roles_in_one_statement(org: Org) -> None:
    second = org.add_member("member")
    memberships = list(Membership.objects.filter(organization=org.row))
    for membership in memberships:
        membership.role = "admin" if membership.role == "owner" else "owner"
    Membership.objects.bulk_update(memberships, ["role"])
    assert _owners(org) == [second.slug]


def test_an_account_knows_what_would_be_orphaned_without_it(org: Org) -> None:
    ada = org.add_member("member")
    assert [item.slug for item in orphaned_without(account_of(org.owner))] == ["acme"]
    assert orphaned_without(account_of(ada)) == []
    org.api.patch(f"{org.path}members/{ada.slug}/", {"role": "owner"})
    assert orphaned_without(account_of(org.owner)) == []


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
    assert _owners(org) == [org.owner.slug]


def test_the_admin_does_not_demote_the_last_owner(org: Org, admin_client: Client) -> None:
    org.add_member("member")
    membership = Membership.objects.get(organization=org.row, account__slug=org.owner.slug)
    path = f"/admin/orgkit_organizations/membership/{membership.pk}/change/"
    response = admin_client.post(path, {"role": "viewer"})
    assert response.status_code == 200
    assert "needs an owner" in response.content.decode()
    assert _owners(org) == [org.owner.slug]
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
