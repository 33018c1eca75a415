from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import ProtectedError

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.organizations.errors import LastOwner
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.ownership import orphaned_without
from tests.organizations.conftest import account_of
from tests.parallel import in_parallel


def _owners(team):
    return [slug for slug, role in team.roles().items() if role == "owner"]


def test_the_last_owner_can_neither_leave_nor_step_down(team):
    team.member("admin")
    path = f"{team.path}members/{team.owner.slug}/"
    for response in (team.owner.api.delete(path), team.owner.api.patch(path, {"role": "admin"})):
        assert (response.status_code, response.json()["code"]) == (409, "last_owner")
    assert _owners(team) == [team.owner.slug]


def test_an_owner_without_other_members_deletes_instead_of_leaving(team):
    response = team.owner.api.delete(f"{team.path}members/{team.owner.slug}/")
    assert response.json()["code"] == "last_owner"


def test_one_of_two_owners_may_leave_and_the_other_may_not(team):
    second = team.member("owner")
    assert team.owner.api.delete(f"{team.path}members/{team.owner.slug}/").status_code == 204
    assert second.api.delete(f"{team.path}members/{second.slug}/").status_code == 409
    assert _owners(team) == [second.slug]


def test_the_check_sees_owners_far_down_the_list(team):
    for number in range(210):
        user = get_user_model().objects.create_user(f"many{number}")
        Membership.objects.create(organization=team.row, account_id=user.pk, role="member")
    second = team.member("owner")
    assert team.owner.api.delete(f"{team.path}members/{team.owner.slug}/").status_code == 204
    assert _owners(team) == [second.slug]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["leave", "step down", "remove each other"])
def test_of_two_owners_who_go_at_once_one_stays(team, way):
    second = team.member("owner")
    start = threading.Barrier(2)

    def go(person, other):
        start.wait()
        try:
            if way == "leave":
                return person.api.delete(f"{team.path}members/{person.slug}/").status_code
            if way == "step down":
                return person.api.patch(f"{team.path}members/{person.slug}/", {"role": "viewer"}).status_code
            return person.api.delete(f"{team.path}members/{other.slug}/").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(go, team.owner, second), pool.submit(go, second, team.owner)]
        codes = sorted(job.result() for job in jobs)
    assert (
        codes in {"leave": [[204, 409]], "step down": [[200, 409]], "remove each other": [[204, 403], [204, 404]]}[way]
    )
    assert len(_owners(team)) == 1


def _demote(membership):
    membership.role = "member"
    membership.save()


def _overwrite(membership):
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

    def __init__(self):
        self._barrier = threading.Barrier(2)

    def wait(self):
        with contextlib.suppress(threading.BrokenBarrierError):
            self._barrier.wait(timeout=0.5)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", WAYS)
def test_of_two_owners_whom_the_orm_takes_at_once_one_stays(team, way):
    team.member("owner")
    owners = list(Membership.objects.filter(organization=team.row).select_related("organization", "account"))
    meeting = Meeting()

    def take(number):
        try:
            with transaction.atomic():
                WAYS[way](owners[number])
                meeting.wait()
        except (LastOwner, ProtectedError):
            return "kept"
        return "taken"

    assert sorted(in_parallel(2, take)) == ["kept", "taken"]
    assert len(_owners(team)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_whom_the_orm_and_the_api_demote_at_once_one_stays(team):
    other = Membership.objects.get(organization=team.row, account=account_of(team.member("owner")))
    meeting = Meeting()

    def demote(number):
        if number:
            team.owner.api.patch(f"{team.path}members/{team.owner.slug}/", {"role": "viewer"})
            meeting.wait()
            return
        with contextlib.suppress(LastOwner), transaction.atomic():
            _demote(other)
            meeting.wait()

    in_parallel(2, demote)
    assert len(_owners(team)) == 1


def test_a_membership_written_by_its_key_alone_keeps_the_last_owner(team):
    mine = Membership.objects.get(organization=team.row, account__slug=team.owner.slug)
    unread = Membership(pk=mine.pk, organization=mine.organization, account=mine.account, role="member")
    with pytest.raises(LastOwner):
        unread.save()
    assert _owners(team) == [team.owner.slug]


def test_new_memberships_in_bulk_take_one_statement(team, person, count_queries):
    new = [Membership(organization=team.row, account=account_of(person()), role="member") for _ in range(3)]
    with count_queries() as queries:
        Membership.objects.bulk_create(new)
    assert len([item for item in queries if "orgkit_organizations" in item["sql"]]) == 1
    assert len(team.roles()) == 4


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_whose_users_are_deleted_at_once_one_stays(team):
    second = team.member("owner")
    team.member("member")
    start = threading.Barrier(2)

    def go(person):
        user = account_of(person).user
        start.wait()
        try:
            user.delete()
        except ProtectedError:
            return "kept"
        finally:
            connection.close()
        return "deleted"

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(go, team.owner), pool.submit(go, second)]
        assert sorted(job.result() for job in jobs) == ["deleted", "kept"]
    assert len(_owners(team)) == 1


def test_a_user_who_is_the_last_owner_cannot_be_deleted_by_the_orm(team):
    team.member("member")
    user = account_of(team.owner).user
    with pytest.raises(ProtectedError):
        user.delete()
    with pytest.raises(ProtectedError):
        get_user_model().objects.filter(pk=user.pk).delete()
    with pytest.raises(ProtectedError):
        Account.objects.filter(pk=user.pk).delete()
    assert _owners(team) == [team.owner.slug]


def test_deleting_all_owners_in_one_go_is_refused_too(team):
    second = team.member("owner")
    team.member("member")
    users = get_user_model().objects.filter(orgkit_account__slug__in=[team.owner.slug, second.slug])
    with pytest.raises(ProtectedError):
        users.delete()
    assert len(_owners(team)) == 2


def test_owners_in_different_batches_of_one_deletion_count_together(team, monkeypatch):
    """Django collects related rows batch by batch on databases that limit the parameters of a statement."""
    monkeypatch.setattr(type(connection.ops), "bulk_batch_size", lambda self, fields, objs: 1)
    second = team.member("owner")
    team.member("member")
    users = get_user_model().objects.filter(orgkit_account__slug__in=[team.owner.slug, second.slug])
    with pytest.raises(ProtectedError):
        users.delete()
    assert len(_owners(team)) == 2


@pytest.mark.parametrize("roles", [["member"], ["owner", "member"], ["owner"]])
def test_deleting_everybody_takes_the_organization_with_them(team, roles):
    for role in roles:
        team.member(role)
    get_user_model().objects.all().delete()
    assert not Membership.objects.exists()
    assert not Organization.objects.filter(deleted_at=None).exists()


def test_a_user_who_is_alone_in_an_organization_takes_it_along(team):
    account_of(team.owner).user.delete()
    assert not Organization.objects.filter(deleted_at=None).exists()


def test_memberships_cannot_be_taken_from_the_last_owner_by_queryset_or_instance(team):
    team.member("member")
    mine = Membership.objects.filter(organization=team.row, account__slug=team.owner.slug)
    with pytest.raises(ProtectedError):
        mine.delete()
    with pytest.raises(ProtectedError):
        mine.get().delete()
    with pytest.raises(ProtectedError):
        account_of(team.owner).memberships.all().delete()
    with pytest.raises(LastOwner):
        mine.update(role="member")
    demoted = mine.get()
    demoted.role = "member"
    with pytest.raises(LastOwner):
        demoted.save()
    with pytest.raises(LastOwner), transaction.atomic():
        Membership.objects.bulk_update([demoted], ["role"])
    upsert = {"update_conflicts": True, "unique_fields": ["account", "organization"], "update_fields": ["role"]}
    demoted.pk = None
    with pytest.raises(LastOwner):
        Membership.objects.bulk_create([demoted], **upsert)
    assert _owners(team) == [team.owner.slug]


def test_the_last_owner_is_not_moved_to_another_organization(team):
    ada = team.member("member")
    elsewhere = Organization.objects.get(slug=ada.org)
    mine = Membership.objects.filter(organization=team.row, account__slug=team.owner.slug)
    moved = mine.get()
    moved.organization = elsewhere
    with pytest.raises(ValidationError):
        moved.full_clean()
    with pytest.raises(LastOwner):
        moved.save()
    for column in ("organization", "organization_id"):
        with pytest.raises(LastOwner):
            mine.update(**{column: elsewhere.pk})
    assert _owners(team) == [team.owner.slug]


def test_roles_may_change_hands_in_one_statement(team):
    second = team.member("member")
    memberships = list(Membership.objects.filter(organization=team.row))
    for membership in memberships:
        membership.role = "admin" if membership.role == "owner" else "owner"
    Membership.objects.bulk_update(memberships, ["role"])
    assert _owners(team) == [second.slug]


def test_an_account_knows_what_would_be_orphaned_without_it(team):
    ada = team.member("member")
    assert [item.slug for item in orphaned_without(account_of(team.owner))] == ["acme"]
    assert orphaned_without(account_of(ada)) == []
    team.owner.api.patch(f"{team.path}members/{ada.slug}/", {"role": "owner"})
    assert orphaned_without(account_of(team.owner)) == []


def test_the_admin_shows_why_the_last_owner_stays(team, admin_client):
    team.member("member")
    user = account_of(team.owner).user
    membership = Membership.objects.get(organization=team.row, account=user.pk)
    for path in (f"auth/user/{user.pk}", f"orgkit_organizations/membership/{membership.pk}"):
        assert "Acme" in admin_client.get(f"/admin/{path}/delete/").content.decode()
        response = admin_client.post(f"/admin/{path}/delete/", {"post": "yes"})
        assert response.status_code in (200, 403)
    chosen = {"action": "delete_selected", "_selected_action": [membership.pk], "post": "yes"}
    assert admin_client.post("/admin/orgkit_organizations/membership/", chosen).status_code in (200, 403)
    assert _owners(team) == [team.owner.slug]


def test_the_admin_does_not_demote_the_last_owner(team, admin_client):
    team.member("member")
    membership = Membership.objects.get(organization=team.row, account__slug=team.owner.slug)
    path = f"/admin/orgkit_organizations/membership/{membership.pk}/change/"
    response = admin_client.post(path, {"role": "viewer"})
    assert response.status_code == 200
    assert "needs an owner" in response.content.decode()
    assert _owners(team) == [team.owner.slug]
    assert admin_client.post(path, {"role": "owner"}).status_code == 302


def test_the_admin_closes_an_organization_instead_of_deleting_its_rows(team, admin_client, person):
    home = Organization.objects.get(slug=team.owner.org)
    path = "/admin/orgkit_organizations/organization"
    assert admin_client.post(f"{path}/{team.row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert admin_client.post(f"{path}/{home.pk}/delete/", {"post": "yes"}).status_code in (200, 403)
    assert Organization.objects.get(slug="acme").deleted_at is not None
    assert Organization.objects.get(pk=home.pk).deleted_at is None
    assert team.owner.api.get("/orgs/acme/").status_code == 404


def test_every_page_of_the_admin_opens(team, admin_client):
    team.invite("guest@example.com")
    for model in ("organization", "membership", "invitation"):
        path = f"/admin/orgkit_organizations/{model}/"
        page = admin_client.get(path, {"q": "acme"})
        assert page.status_code == 200
        assert b"results" in page.content or b"result" in page.content
    membership = Membership.objects.get(organization=team.row)
    assert admin_client.get(f"/admin/orgkit_organizations/membership/{membership.pk}/change/").status_code == 200
    assert admin_client.get("/admin/orgkit_organizations/membership/add/").status_code == 200
    assert admin_client.get(f"/admin/orgkit_organizations/organization/{team.row.pk}/change/").status_code == 200
