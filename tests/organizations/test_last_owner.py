"""An organization keeps an owner, whatever removes or demotes its owners."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import ProtectedError

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.organizations.errors import LastOwner
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.selectors.organizations import fates_without
from tests.conftest import CountQueries
from tests.org import MakePerson, Org, account_of
from tests.organizations.actions import overwrite_role, owners_of, roles_in


def test_the_last_owner_cannot_leave_or_step_down(org: Org) -> None:
    org.add_member("admin")
    path = f"{org.path}members/{org.owner.slug}/"
    for response in (org.api.delete(path), org.api.patch(path, {"role": "admin"})):
        assert (response.status_code, response.json()["code"]) == (409, "last_owner")
    assert owners_of(org) == [org.owner.slug]


def test_an_owner_without_other_members_cannot_leave_either(org: Org) -> None:
    response = org.api.delete(f"{org.path}members/{org.owner.slug}/")
    assert response.json()["code"] == "last_owner"


def test_one_of_two_owners_can_leave_and_then_the_other_cannot(org: Org) -> None:
    second = org.add_member("owner")
    assert org.api.delete(f"{org.path}members/{org.owner.slug}/").status_code == 204
    assert second.api.delete(f"{org.path}members/{second.slug}/").status_code == 409
    assert owners_of(org) == [second.slug]


def test_the_owner_check_sees_all_members_of_a_large_organization(org: Org) -> None:
    for number in range(210):
        user = get_user_model().objects.create_user(f"many{number}")
        Membership.objects.create(organization=org.row, account_id=user.pk, role="member")
    second = org.add_member("owner")
    assert org.api.delete(f"{org.path}members/{org.owner.slug}/").status_code == 204
    assert owners_of(org) == [second.slug]


def test_saving_an_instance_that_was_never_loaded_cannot_demote_the_last_owner(org: Org) -> None:
    mine = Membership.objects.get(organization=org.row, account__slug=org.owner.slug)
    unread = Membership(pk=mine.pk, organization=mine.organization, account=mine.account, role="member")
    with pytest.raises(LastOwner):
        unread.save()
    assert owners_of(org) == [org.owner.slug]


def test_creating_memberships_in_bulk_runs_one_statement(
    org: Org, make_person: MakePerson, count_queries: CountQueries
) -> None:
    new = [Membership(organization=org.row, account=account_of(make_person()), role="member") for _ in range(3)]
    with count_queries() as queries:
        Membership.objects.bulk_create(new)
    assert len([item for item in queries if "orgkit_organizations" in item["sql"]]) == 1
    assert len(roles_in(org)) == 4


def test_the_orm_cannot_delete_the_user_of_the_last_owner(org: Org) -> None:
    org.add_member("member")
    user = account_of(org.owner).user
    with pytest.raises(ProtectedError):
        user.delete()
    with pytest.raises(ProtectedError):
        get_user_model().objects.filter(pk=user.pk).delete()
    with pytest.raises(ProtectedError):
        Account.objects.filter(pk=user.pk).delete()
    assert owners_of(org) == [org.owner.slug]


@pytest.mark.parametrize("batch_size", [None, 1])
def test_deleting_all_owners_in_one_queryset_is_refused(
    org: Org, monkeypatch: pytest.MonkeyPatch, batch_size: int | None
) -> None:
    """Django collects related rows batch by batch on databases that limit the parameters of a statement."""
    if batch_size:
        monkeypatch.setattr(type(connection.ops), "bulk_batch_size", lambda self, fields, objs: batch_size)
    second = org.add_member("owner")
    org.add_member("member")
    users = get_user_model().objects.filter(orgkit_account__slug__in=[org.owner.slug, second.slug])
    with pytest.raises(ProtectedError):
        users.delete()
    assert len(owners_of(org)) == 2


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
    with pytest.raises(LastOwner):
        overwrite_role(demoted, "member")
    assert owners_of(org) == [org.owner.slug]


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
    assert owners_of(org) == [org.owner.slug]


def test_two_members_can_swap_roles_in_one_statement(org: Org) -> None:
    second = org.add_member("member")
    memberships = list(Membership.objects.filter(organization=org.row))
    for membership in memberships:
        membership.role = "admin" if membership.role == "owner" else "owner"
    Membership.objects.bulk_update(memberships, ["role"])
    assert owners_of(org) == [second.slug]


def test_an_account_knows_what_would_be_fates_without_it(org: Org) -> None:
    ada = org.add_member("member")
    assert [item.slug for item in fates_without(account_of(org.owner)).orphaned] == ["acme"]
    assert fates_without(account_of(ada)).orphaned == []
    org.api.patch(f"{org.path}members/{ada.slug}/", {"role": "owner"})
    assert fates_without(account_of(org.owner)).orphaned == []
