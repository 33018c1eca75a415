"""The audit trail tells what happens to API keys, and what is done by them."""

from __future__ import annotations

from typing import Any

import pytest

from ninja_orgkit.apikeys.models import ApiKey
from ninja_orgkit.audit.models import Event
from ninja_orgkit.organizations.models import Membership
from tests.client import Api, statements_in
from tests.conftest import CountQueries, RunOutbox
from tests.org import Org

pytestmark = pytest.mark.django_db


def events(prefix: str = "api_key.") -> list[Any]:
    """Return the events whose action begins so, oldest first."""
    return list(Event.objects.filter(action__startswith=prefix).order_by("id").values())


def test_each_change_of_a_key_leaves_one_event(org: Org) -> None:
    made = org.add_key("org.read", "tags.read")
    path = f"{org.keys_path}{made['id']}/"
    org.api.patch(path, {"name": "New", "permissions": ["org.read"]})
    org.api.patch(path, {"name": "New"})  # changes nothing
    org.api.patch(path, {"permissions": ["keys.manage"]})  # is refused
    org.api.delete(path)
    created, updated, revoked = events()
    assert [event["action"] for event in (created, updated, revoked)] == [
        "api_key.created",
        "api_key.updated",
        "api_key.revoked",
    ]
    for event in (created, updated, revoked):
        assert (event["actor"], event["actor_kind"], event["owner"]) == (org.owner.slug, "user", org.slug)
        assert (event["target_kind"], event["target"]) == ("api_key", made["id"])
        assert made["key"] not in str(event)
    assert updated["changes"] == {
        "name": {"old": "Robot", "new": "New"},
        "permissions": {"old": ["org.read", "tags.read"], "new": ["org.read"]},
    }
    assert (created["target_name"], revoked["target_name"]) == ("Robot", "New")


def test_a_repeated_request_leaves_one_event(org: Org) -> None:
    for _ in range(2):
        headers = {"Idempotency-Key": "k1"}
        org.api.post(org.keys_path, {"name": "Robot", "permissions": ["org.read"]}, headers=headers)
    assert [event["action"] for event in events()] == ["api_key.created"]


def test_keys_that_go_with_a_member_are_revoked(org: Org) -> None:
    member = org.add_member("admin")
    for name in ("One", "Two"):
        member.api.post(org.keys_path, {"name": name, "permissions": ["org.read"]})
    org.api.delete(f"{org.path}members/{member.slug}/")
    revoked = events("api_key.revoked")
    assert sorted(event["target_name"] for event in revoked) == ["One", "Two"]
    assert {(event["actor"], event["owner"]) for event in revoked} == {(org.owner.slug, org.slug)}


def test_removing_a_member_takes_as_many_statements_for_50_keys_as_for_one(
    org: Org, count_queries: CountQueries
) -> None:
    counts = []
    for keys in (1, 50):
        member = org.add_member("admin")
        membership = Membership.objects.get(organization=org.row, account__slug=member.slug)
        ApiKey.objects.bulk_create(
            ApiKey(organization=org.row, membership=membership, name="k", digest=f"{keys} {at}") for at in range(keys)
        )
        with count_queries() as queries:
            assert org.api.delete(f"{org.path}members/{member.slug}/").status_code == 204
        counts.append(len(statements_in(queries)))
    assert counts[0] == counts[1]


def test_a_deleted_organization_tells_of_no_key(org: Org, run_outbox: RunOutbox) -> None:
    org.add_key("org.read")
    org.api.delete(f"{org.path}?confirm={org.slug}")
    run_outbox()
    assert not ApiKey.objects.exists()
    assert events("api_key.revoked") == []


def test_what_a_key_does_is_told_with_the_key_and_its_creator(org: Org) -> None:
    made = org.add_key("org.update", name="Renamer")
    assert Api(made["key"]).patch(org.path, {"name": "New"}).status_code == 200
    (event,) = events("organization.updated")
    assert (event["actor"], event["actor_kind"]) == (org.owner.slug, "api_key")
    assert (event["key_id"], event["key_name"]) == (made["id"], "Renamer")
    org.api.patch(org.path, {"name": "Newer"})
    assert events("organization.updated")[-1]["actor_kind"] == "user"
