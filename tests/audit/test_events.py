"""What happened is written once, with the change, by one statement, and says who did it."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from ninja_orgkit import services
from ninja_orgkit.audit.models import Event
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.errors import OrgKitError
from tests.client import Api
from tests.conftest import CountQueries
from tests.org import PASSWORD, Org, account_of


def events(**filters: object) -> list[str]:
    return list(Event.objects.filter(**filters).order_by("created_at", "id").values_list("action", flat=True))


def last() -> Event:
    return Event.objects.order_by("created_at", "id")[Event.objects.count() - 1]


def test_an_event_says_who_did_what_to_whom_and_from_where(org: Org) -> None:
    bob = org.add_member("member", "bob")
    answer = org.api.patch(
        f"/orgs/{org.slug}/members/{bob.slug}/",
        {"role": "viewer"},
        headers={"User-Agent": "Firefox", "X-Request-ID": "abc-1"},
    )
    assert answer.status_code == 200
    event = last()
    owner = account_of(org.owner)
    assert (event.owner, event.action) == (org.slug, "member.role_changed")
    assert (event.actor, event.actor_name, event.actor_kind) == (owner.slug, owner.shown_name, "user")
    assert (event.target_kind, event.target, event.target_name) == ("member", bob.slug, "bob")
    assert event.changes == {"role": {"old": "member", "new": "viewer"}}
    assert (event.address, event.device, event.request_id) == ("127.0.0.1", "Firefox", "abc-1")
    assert event.id.version == 7


def test_a_change_that_changes_nothing_and_a_refused_one_leave_no_event(org: Org) -> None:
    bob, eve = org.add_member("member", "bob"), org.add_member("viewer", "eve")
    before = Event.objects.count()
    assert org.api.patch(f"/orgs/{org.slug}/members/{bob.slug}/", {"role": "member"}).status_code == 200
    assert org.api.patch(f"/orgs/{org.slug}/", {"name": org.row.name}).status_code == 200
    assert eve.api.patch(f"/orgs/{org.slug}/", {"name": "Mine"}).status_code == 403
    assert eve.api.delete(f"/orgs/{org.slug}/members/{bob.slug}/").status_code == 403
    assert Event.objects.count() == before


def test_long_texts_are_only_said_to_have_changed(org: Org) -> None:
    assert org.api.patch(f"/orgs/{org.slug}/", {"name": "New", "custom": {"a": 1}}).status_code == 200
    assert last().changes == {"name": {"old": "Acme", "new": "New"}, "custom": {"old": None, "new": None}}


def test_the_hosts_own_code_is_the_system(org: Org) -> None:
    org.api.get(f"/orgs/{org.slug}/")
    services.update_organization(org.row, name="New")
    assert (last().actor, last().actor_kind, last().address) == ("", "system", "")
    services.update_organization(org.row, name="Newer", by=account_of(org.owner))
    assert (last().actor, last().actor_kind) == (org.owner.slug, "user")


def test_content_is_recorded_only_if_the_host_wants_it(org: Org, settings: Any) -> None:
    org.add_contact()
    assert events(action__startswith="contact.") == []
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "AUDIT_CONTENT": True}
    slug = org.add_contact(notes="secret")["slug"]
    org.api.patch(f"/contacts/{slug}/", {"notes": "zebra", "phone": "1"})
    assert events(action__startswith="contact.") == ["contact.created", "contact.updated"]
    assert last().changes == {"notes": {"old": None, "new": None}, "phone": {"old": "", "new": "1"}}
    assert (last().target_kind, last().target) == ("contact", slug)


def test_addresses_are_left_out_of_the_trails_of_organizations(org: Org, api: Api, settings: Any) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "AUDIT_ADDRESSES": False}
    org.api.patch(f"/orgs/{org.slug}/", {"name": "New"}, headers={"User-Agent": "Firefox"})
    assert (last().address, last().device) == ("", "")
    api.post("/auth/register", {"email": "ada@example.com", "password": PASSWORD}, headers={"User-Agent": "Firefox"})
    assert Event.objects.get(owner__startswith="user-", action="account.created").device == "Firefox"


def test_a_write_takes_one_statement_more_however_many_events_it_has(org: Org, count_queries: CountQueries) -> None:
    with count_queries() as queries, atomic():
        for number in range(5):
            services.update_organization(org.row, name=f"Name {number}")
    inserts = [query for query in queries.captured_queries if "orgkit_audit_event" in query["sql"]]
    assert len(inserts) == 1
    assert inserts[0]["sql"].startswith("INSERT")
    assert events(action="organization.updated") == ["organization.updated"] * 5


def test_what_a_rolled_back_savepoint_recorded_is_dropped(org: Org) -> None:
    with atomic():
        services.update_organization(org.row, name="Kept")
        for savepoint in (atomic(), transaction.atomic()):
            with contextlib.suppress(ZeroDivisionError), savepoint:
                services.update_organization(org.row, name="Dropped")
                raise ZeroDivisionError
        with atomic():
            services.update_organization(org.row, name="Last")
    names = [event.changes["name"]["new"] for event in Event.objects.filter(action="organization.updated")]
    assert sorted(names) == ["Kept", "Last"]


@pytest.mark.parametrize("kit_inside", [True, False])
def test_a_transaction_that_is_rolled_back_leaves_no_event(org: Org, *, kit_inside: bool) -> None:
    before = Event.objects.count()
    with transaction.atomic():
        if kit_inside:
            services.update_organization(org.row, name="Dropped")
        else:
            User.objects.create_user("new")
        assert Event.objects.count() > before
        transaction.set_rollback(True)
    with contextlib.suppress(OrgKitError), atomic():
        services.update_organization(org.row, name="Dropped")
        services.update_organization(org.row, name="")
    assert Event.objects.count() == before


def test_ones_own_security_events_go_with_the_account_and_the_organizations_stay(org: Org) -> None:
    bob = org.add_member("member", "bob")
    assert events(owner=bob.slug) == ["account.created"]
    assert bob.api.delete("/auth/delete").status_code == 204
    assert events(owner=bob.slug) == ["account.deleted"]
    assert "member.removed" in events(owner=org.slug, target=bob.slug)
