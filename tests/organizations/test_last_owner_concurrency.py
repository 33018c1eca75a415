"""When all owners leave at the same time, one stays."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.db.models import ProtectedError

from ninja_orgkit.organizations.errors import LastOwner
from ninja_orgkit.organizations.models import Membership
from tests.org import Org, account_of
from tests.organizations.actions import overwrite_role, owners_of
from tests.parallel import in_parallel


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
    assert len(owners_of(org)) == 1


def _demote(membership: Membership) -> None:
    membership.role = "member"
    membership.save()


WAYS: dict[str, Callable[[Membership], Any]] = {
    "delete one": lambda membership: membership.delete(),
    "delete several": lambda membership: Membership.objects.filter(pk=membership.pk).delete(),
    "demote one": _demote,
    "demote several": lambda membership: Membership.objects.filter(pk=membership.pk).update(role="member"),
    "overwrite": lambda membership: overwrite_role(membership, "member"),
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
    assert len(owners_of(org)) == 1


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
    assert len(owners_of(org)) == 1


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
    assert len(owners_of(org)) == 1
