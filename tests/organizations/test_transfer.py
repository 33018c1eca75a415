"""Handing an organization over to another member."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from ninja_orgkit.audit.models import Event
from tests.client import Person
from tests.conftest import CountQueries
from tests.org import MakePerson, Org, account_of
from tests.organizations.actions import owners_of, roles_in
from tests.parallel import in_parallel


def transfer(org: Org, to: Person | str, *, by: Person | None = None) -> Any:
    """Hand the organization over to somebody; the owner does it, unless told otherwise."""
    slug = to if isinstance(to, str) else to.slug
    return (by or org.owner).api.post(f"{org.path}transfer/", {"member": slug})


@pytest.mark.parametrize("role", ["viewer", "member", "admin"])
def test_a_member_becomes_the_owner_in_the_place_of_another(org: Org, role: str) -> None:
    bob = org.add_member(role)
    response = transfer(org, bob)
    assert response.status_code == 200, response.content
    body = response.json()
    assert (body["slug"], body["role"]) == ("acme", "admin")
    assert "owners.manage" not in body["permissions"]
    assert roles_in(org) == {org.owner.slug: "admin", bob.slug: "owner"}
    assert org.api.get(org.path).json() == body
    assert response["ETag"] == org.api.get(org.path)["ETag"]
    assert bob.api.get(org.path).json()["role"] == "owner"
    assert transfer(org, bob).status_code == 403


def test_other_owners_stay(org: Org) -> None:
    second, bob = org.add_member("owner"), org.add_member("member")
    assert transfer(org, bob).status_code == 200
    assert roles_in(org) == {org.owner.slug: "admin", second.slug: "owner", bob.slug: "owner"}
    assert transfer(org, second, by=bob).status_code == 200
    assert owners_of(org) == [second.slug]


def test_both_new_roles_are_events_of_the_caller(org: Org) -> None:
    bob = org.add_member("member")
    transfer(org, bob)
    events = Event.objects.filter(action="member.role_changed").order_by("pk")
    assert [event.changes["role"] for event in events] == [
        {"old": "member", "new": "owner"},
        {"old": "owner", "new": "admin"},
    ]


def test_the_former_owner_gets_the_role_that_the_host_chose(org: Org, settings: Any) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "TRANSFER_ROLE": "viewer"}
    bob = org.add_member("member")
    assert transfer(org, bob).json()["role"] == "viewer"
    assert roles_in(org) == {org.owner.slug: "viewer", bob.slug: "owner"}


@pytest.mark.parametrize("role", ["viewer", "member", "admin"])
def test_only_owners_hand_an_organization_over(org: Org, role: str) -> None:
    someone = org.add_member(role)
    for to in (someone.slug, org.owner.slug, "nobody"):
        response = transfer(org, to, by=someone)
        assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert roles_in(org) == {org.owner.slug: "owner", someone.slug: role}


def test_somebody_who_is_not_a_member_is_not_found(org: Org) -> None:
    for slug in (org.stranger.slug, "nobody", ""):
        response = transfer(org, slug)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert owners_of(org) == [org.owner.slug]


@pytest.mark.parametrize("body", [{}, {"member": None}, {"member": 3}, {"member": "bob", "role": "admin"}, []])
def test_a_malformed_request_is_refused(org: Org, body: Any) -> None:
    assert org.api.post(f"{org.path}transfer/", body).status_code == 422


def test_ownership_cannot_go_to_oneself_or_to_somebody_inactive(org: Org) -> None:
    bob = org.add_member("admin")
    get_user_model().objects.filter(pk=account_of(bob).pk).update(is_active=False)
    for to in (org.owner, bob):
        response = transfer(org, to)
        assert (response.status_code, response.json()["code"]) == (409, "transfer_refused")
    assert roles_in(org) == {org.owner.slug: "owner", bob.slug: "admin"}


def test_a_personal_organization_cannot_be_handed_over(make_person: MakePerson) -> None:
    ann, bob = make_person("ann"), make_person("bob")
    for slug in (ann.slug, bob.slug, "nobody"):
        response = ann.api.post(f"/orgs/{ann.org}/transfer/", {"member": slug})
        assert (response.status_code, response.json()["code"]) == (409, "personal_organization")


def test_somebody_who_owns_enough_cannot_become_an_owner(org: Org, other_org: Org, settings: Any) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "ORGANIZATIONS_MAX": 1}
    org.join(other_org.owner, "admin")
    response = transfer(org, other_org.owner)
    assert (response.status_code, response.json()["code"]) == (409, "too_many_organizations")
    assert roles_in(org) == {org.owner.slug: "owner", other_org.owner.slug: "admin"}


def test_an_owner_who_may_less_hands_over_no_more_than_they_have(org: Org, settings: Any) -> None:
    lesser = ["org.read", "members.read", "members.manage", "owners.manage"]
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "ROLES": {"lesser": lesser}, "TRANSFER_ROLE": "lesser"}
    caller, bob, ann = org.add_member("lesser"), org.add_member("viewer"), org.add_member("admin")
    assert transfer(org, bob, by=caller).status_code == 403  # it would take away what the caller does not have
    assert transfer(org, ann, by=caller).status_code == 403
    assert transfer(org, org.owner, by=caller).status_code == 200  # who stays the owner that they are
    assert roles_in(org)[org.owner.slug] == "owner"


def test_handing_over_takes_as_many_statements_among_2_members_as_among_50(
    org: Org, count_queries: CountQueries
) -> None:
    counts, owner = [], org.owner
    for number in (1, 48):
        people = [org.add_member("member") for _ in range(number)]
        with count_queries() as queries:
            assert transfer(org, people[0], by=owner).status_code == 200
        counts.append(len(queries))
        owner = people[0]
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["leaves", "is removed", "is handed over twice", "hands back"])
def test_an_organization_that_is_handed_over_at_once_always_has_an_owner(org: Org, way: str) -> None:
    second, bob, ann = org.add_member("owner"), org.add_member("admin"), org.add_member("admin")
    others = {
        "leaves": lambda: bob.api.delete(f"{org.path}members/{bob.slug}/"),
        "is removed": lambda: second.api.delete(f"{org.path}members/{bob.slug}/"),
        "is handed over twice": lambda: transfer(org, ann),
        "hands back": lambda: transfer(org, org.owner, by=second),
    }
    allowed = {
        "leaves": {(200, 204), (404, 204)},
        "is removed": {(200, 204), (404, 204)},
        "is handed over twice": {(200, 403), (403, 200)},
        "hands back": {(200, 200)},
    }

    def go(number: int) -> int:
        return int((others[way]() if number else transfer(org, bob)).status_code)

    assert tuple(in_parallel(2, go)) in allowed[way]
    assert owners_of(org)


@pytest.mark.django_db(transaction=True)
def test_the_only_owner_who_hands_over_while_the_other_leaves_stays_unless_the_other_did(org: Org) -> None:
    bob = org.add_member("admin")

    def go(number: int) -> int:
        return int((bob.api.delete(f"{org.path}members/{bob.slug}/") if number else transfer(org, bob)).status_code)

    assert tuple(in_parallel(2, go)) in {(200, 409), (404, 204)}
    assert len(owners_of(org)) == 1
