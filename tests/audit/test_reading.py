"""The trail of an organization and the security events of an account, as pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ninja_orgkit import services
from ninja_orgkit.audit.models import Event
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.organizations.services.organizations import purge_organization
from tests.client import Person
from tests.conftest import CountQueries
from tests.org import MakeOrg, MakePerson, Org, account_of

pytestmark = pytest.mark.usefixtures("shared_org")

NOTHING = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def bob(org: Org, make_person: MakePerson) -> Person:
    """Return a member whom the owner added, gave another role, and removed."""
    bob = make_person("bob")
    account, owner = account_of(bob), account_of(org.owner)
    services.add_member(org.row, account, role="member", by=owner)
    services.change_role(org.row, account, role="viewer", by=owner)
    services.remove_member(org.row, account)
    return bob


def _actions(org: Org, **query: Any) -> list[str]:
    answer = org.api.get(f"/orgs/{org.slug}/audit/", **query)
    assert answer.status_code == 200, answer.content
    return [item["action"] for item in answer.json()["items"]]


def test_the_trail_is_a_page_newest_first(org: Org, bob: Person) -> None:
    page = org.api.get(f"/orgs/{org.slug}/audit/").json()
    assert [item["action"] for item in page["items"]] == [
        "member.removed", "member.role_changed", "member.added", "member.added", "organization.created",
    ]  # fmt: skip
    assert page["count"] == 5
    item = page["items"][1]
    moment = item.pop("created_at")
    assert moment.endswith("Z")
    assert item == {
        "id": item["id"],
        "action": "member.role_changed",
        "actor": org.owner.slug,
        "actor_kind": "user",
        "api_key": None,
        "target": {"kind": "member", "id": bob.slug, "name": "bob"},
        "changes": {"role": {"old": "member", "new": "viewer"}},
        "address": "",
        "device": "",
        "request_id": "",
    }
    assert (page["items"][0]["actor"], page["items"][0]["actor_kind"]) == (None, "system")


def test_filters_narrow_the_trail(org: Org, bob: Person) -> None:
    assert _actions(org, action="member.added") == ["member.added"] * 2
    assert _actions(org, action="invitation.sent") == []
    assert _actions(org, target=bob.slug) == ["member.removed", "member.role_changed", "member.added"]
    assert _actions(org, target_kind="organization") == ["organization.created"]
    assert _actions(org, actor=org.owner.slug) == ["member.role_changed", "member.added"]
    assert _actions(org, actor=org.owner.slug, action="member.added", target=bob.slug) == ["member.added"]
    for unknown in (bob.slug, org.stranger.slug, "nobody"):
        assert _actions(org, actor=unknown) == []


def test_since_is_inclusive_and_until_is_exclusive(org: Org, bob: Person) -> None:
    moment = org.api.get(f"/orgs/{org.slug}/audit/", action="member.role_changed").json()["items"][0]["created_at"]
    assert _actions(org, since=moment) == ["member.removed", "member.role_changed"]
    assert _actions(org, until=moment) == ["member.added", "member.added", "organization.created"]
    assert _actions(org, since=moment, until=moment) == []
    elsewhere = datetime.fromisoformat(moment).astimezone(UTC) + timedelta(microseconds=1)
    assert _actions(org, since=elsewhere.isoformat()) == ["member.removed"]


@pytest.mark.parametrize(
    ("query", "loc"),
    [
        ({"action": "nonsense"}, "action"),
        ({"action": "member.nonsense"}, "action"),
        ({"action": "shop.sold"}, "action"),
        ({"action": "member.added "}, None),
        ({"since": "20260101"}, "since"),
        ({"since": "1767225600"}, "since"),
        ({"until": "2026-01-31T09:30:00"}, "until"),
        ({"target_type": "member"}, "target_type"),
        ({"ordering": "action"}, "ordering"),
        ({"actor": "x" * 65}, "actor"),
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused(org: Org, query: dict[str, Any], loc: str | None) -> None:
    answer = org.api.get(f"/orgs/{org.slug}/audit/", **query)
    if loc is None:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["loc"] == ["query", loc]


def test_pages_by_cursor_neither_skip_nor_repeat_an_event_of_the_same_moment(org: Org, bob: Person) -> None:
    pattern = Event.objects.filter(owner=org.slug, action="member.added").first()
    assert pattern is not None
    values = {field.attname: getattr(pattern, field.attname) for field in Event._meta.concrete_fields}
    for number in range(5):
        Event.objects.create(**{**values, "id": NOTHING[:-1] + str(number)})
    walked = [item["id"] for item in org.api.walk(f"/orgs/{org.slug}/audit/", limit=2)]
    assert len(walked) == len(set(walked)) == 10
    filtered = [item["action"] for item in org.api.walk(f"/orgs/{org.slug}/audit/", limit=2, action="member.added")]
    assert filtered == ["member.added"] * 7


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("admin", 200), ("member", 403), ("viewer", 403)])
def test_the_trail_needs_its_permission(org: Org, role: str, status: int) -> None:
    assert org.as_(role).get(f"/orgs/{org.slug}/audit/").status_code == status


def test_a_stranger_and_a_new_organization_of_the_same_slug_see_nothing_of_the_trail(
    org: Org, bob: Person, make_org: MakeOrg
) -> None:
    assert bob.api.get(f"/orgs/{org.slug}/audit/").status_code == 404
    row = org.row
    services.delete_organization(row)
    assert org.api.get(f"/orgs/{org.slug}/audit/").status_code == 404
    purge_organization(row)
    assert Event.objects.filter(owner=row.slug).count() == 6
    again = make_org(row.slug, owner="someone")
    assert [item["action"] for item in again.api.get(f"/orgs/{row.slug}/audit/").json()["items"]] == [
        "member.added", "organization.created",
    ]  # fmt: skip


def test_ones_own_security_events_are_only_ones_own(org: Org, bob: Person) -> None:
    for person in (bob, org.owner):
        items = person.api.get("/users/me/security-events").json()["items"]
        assert [(item["action"], item["target"]["id"]) for item in items] == [("account.created", person.slug)]
    assert bob.api.get("/users/me/security-events", action="member.added").json()["items"] == []
    assert bob.api.get("/users/me/security-events", action="nonsense").status_code == 422
    assert "account.created" not in _actions(org)


def test_addresses_that_were_recorded_are_not_shown_once_the_host_does_not_want_them(org: Org, settings: Any) -> None:
    org.api.patch(f"/orgs/{org.slug}/", {"name": "New"}, headers={"User-Agent": "Firefox"})
    shown = org.api.get(f"/orgs/{org.slug}/audit/").json()["items"][0]
    assert (shown["address"], shown["device"]) == ("127.0.0.1", "Firefox")
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "AUDIT_ADDRESSES": False}
    shown = org.api.get(f"/orgs/{org.slug}/audit/").json()["items"][0]
    assert (shown["address"], shown["device"]) == ("", "")


def test_a_page_takes_as_many_statements_however_many_events_there_are(
    org: Org, bob: Person, count_queries: CountQueries
) -> None:
    def statements() -> int:
        with count_queries() as queries:
            org.api.get(f"/orgs/{org.slug}/audit/", action="member.added")
        return len(queries)

    few = statements()
    with atomic():
        for number in range(30):
            services.update_organization(org.row, name=f"Name {number}")
    assert statements() == few <= 3


def test_the_admin_shows_events_and_lets_nobody_change_them(org: Org, bob: Person, admin_client: Any) -> None:
    path = "/admin/orgkit_audit/event/"
    page = admin_client.get(path, {"q": org.slug}).content.decode()
    assert "member.role_changed" in page
    assert "account.created" not in page
    event = Event.objects.filter(owner=org.slug).latest("id")
    assert "member.removed" in admin_client.get(f"{path}{event.pk}/change/").content.decode()
    assert admin_client.post(f"{path}{event.pk}/change/", {"action": "x"}).status_code == 403
    assert admin_client.post(f"{path}{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get(f"{path}add/").status_code == 403
