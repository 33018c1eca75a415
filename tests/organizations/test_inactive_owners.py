"""An owner whose user is inactive does not count as an owner: somebody must be able to act."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.test import Client

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.organizations.errors import LastOwner
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.selectors.organizations import fates_without
from tests.client import Person
from tests.conftest import CountQueries
from tests.org import Org, account_of
from tests.organizations.actions import owners_of, roles_in


def _set_active(person: Person, active: bool) -> None:
    get_user_model().objects.filter(pk=account_of(person).pk).update(is_active=active)


@pytest.fixture
def blocked(org: Org) -> Person:
    """Return a second owner, who is inactive; there is also a member."""
    org.add_member("member")
    second = org.add_member("owner")
    _set_active(second, False)
    return second


def test_the_last_active_owner_cannot_leave_step_down_or_delete_the_account(org: Org, blocked: Person) -> None:
    path = f"{org.path}members/{org.owner.slug}/"
    answers = [org.api.delete(path), org.api.patch(path, {"role": "admin"}), org.api.delete("/auth/delete")]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "last_owner")] * 3
    assert answers[2].json()["organizations"] == ["acme"]
    assert len(owners_of(org)) == 2


def test_the_last_active_owner_can_go_once_the_other_one_is_active_again(org: Org, blocked: Person) -> None:
    _set_active(blocked, True)
    assert org.api.delete(f"{org.path}members/{org.owner.slug}/").status_code == 204
    assert owners_of(org) == [blocked.slug]


def test_an_inactive_owner_can_be_removed_and_demoted(org: Org, blocked: Person) -> None:
    path = f"{org.path}members/{blocked.slug}/"
    assert org.api.patch(path, {"role": "admin"}).status_code == 200
    assert org.api.patch(path, {"role": "owner"}).status_code == 200
    assert org.api.delete(path).status_code == 204
    assert owners_of(org) == [org.owner.slug]


def test_an_account_with_only_an_inactive_companion_cannot_be_deleted(org: Org) -> None:
    second = org.add_member("owner")
    _set_active(second, False)
    assert [item.slug for item in fates_without(account_of(org.owner)).orphaned] == ["acme"]
    assert fates_without(account_of(second)).orphaned == []
    assert org.api.delete("/auth/delete").json()["code"] == "last_owner"


def test_the_orm_cannot_take_the_last_active_owner(org: Org, blocked: Person) -> None:
    mine = Membership.objects.filter(organization=org.row, account__slug=org.owner.slug)
    user = account_of(org.owner).user
    for delete in (
        mine.delete,
        mine.get().delete,
        user.delete,
        get_user_model().objects.filter(pk=user.pk).delete,
        Account.objects.filter(pk=user.pk).delete,
    ):
        with pytest.raises(ProtectedError):
            delete()
    demoted = mine.get()
    demoted.role = "admin"
    with pytest.raises(ValidationError):
        demoted.full_clean()
    with pytest.raises(LastOwner):
        demoted.save()
    with pytest.raises(LastOwner), transaction.atomic():
        Membership.objects.bulk_update([demoted], ["role"])
    with pytest.raises(LastOwner):
        mine.update(role="viewer")
    assert len(owners_of(org)) == 2


def test_the_last_active_owner_cannot_be_replaced_by_an_inactive_account(org: Org) -> None:
    sleeper = org.add_member("member")
    account = account_of(sleeper)
    Membership.objects.get(organization=org.row, account=account).delete()
    _set_active(sleeper, False)
    mine = Membership.objects.filter(organization=org.row, account__slug=org.owner.slug)
    for column in ("account", "account_id"):
        with pytest.raises(LastOwner):
            mine.update(**{column: account.pk})
    moved = mine.get()
    moved.account = account
    with pytest.raises(ValidationError):
        moved.full_clean()
    with pytest.raises(LastOwner):
        moved.save()
    assert owners_of(org) == [org.owner.slug]


def test_an_organization_without_an_active_owner_keeps_its_last_owner(org: Org) -> None:
    org.add_member("member")
    second = org.add_member("owner")
    for owner in (org.owner, second):
        _set_active(owner, False)
    account_of(second).user.delete()
    assert owners_of(org) == [org.owner.slug]
    with pytest.raises(ProtectedError):
        account_of(org.owner).user.delete()
    with pytest.raises(LastOwner):
        Membership.objects.filter(organization=org.row).update(role="member")
    assert owners_of(org) == [org.owner.slug]


def test_an_inactive_owner_who_is_alone_can_be_deleted(org: Org) -> None:
    _set_active(org.owner, False)
    account_of(org.owner).user.delete()
    assert not Organization.objects.filter(deleted_at=None).exists()


def test_anybody_can_be_deactivated_and_the_admin_warns(org: Org, admin_client: Client) -> None:
    member = org.add_member("member")
    user = account_of(org.owner).user
    lists = [f"/admin/orgkit_organizations/{model}/" for model in ("organization", "membership")]
    form = f"/admin/orgkit_organizations/membership/{org.row.memberships.all()[0].pk}/change/"
    for page in (*lists, form):
        assert "No active owner" not in admin_client.get(page).content.decode()
    user.is_active = False
    user.save()
    for page in (*lists, form):
        assert "No active owner: acme." in admin_client.get(page).content.decode()
    other = Membership.objects.get(organization=org.row, account__slug=member.slug)
    change = f"/admin/orgkit_organizations/membership/{other.pk}/change/"
    assert admin_client.post(change, {"role": "owner"}).status_code == 302
    assert "No active owner" not in admin_client.get(lists[0]).content.decode()
    assert roles_in(org)[member.slug] == "owner"


def test_the_admin_does_not_remove_the_last_active_owner(org: Org, blocked: Person, admin_client: Client) -> None:
    mine = Membership.objects.get(organization=org.row, account__slug=org.owner.slug)
    path = f"/admin/orgkit_organizations/membership/{mine.pk}/"
    assert "the last owner of Acme" in admin_client.get(f"{path}delete/").content.decode()
    assert "This is the last owner" in admin_client.post(f"{path}change/", {"role": "viewer"}).content.decode()
    assert len(owners_of(org)) == 2


@pytest.mark.parametrize("how_many", [1, 20])
def test_leaving_takes_as_many_statements_with_1_other_owner_as_with_20(
    org: Org, count_queries: CountQueries, how_many: int
) -> None:
    for number in range(how_many):
        other = org.add_member("owner")
        _set_active(other, number == 0)
    with count_queries() as queries:
        assert org.api.delete(f"{org.path}members/{org.owner.slug}/").status_code == 204
    assert len(queries) == 12  # one finds the API keys that go, and the last one writes the event
