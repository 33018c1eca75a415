"""Inviting many people at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from ninja_orgkit import services
from ninja_orgkit.audit.models import Event
from ninja_orgkit.contacts.models import Contact
from ninja_orgkit.errors import Forbidden
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations.models import Invitation
from tests.conftest import CountQueries, Mailbox, RunOutbox
from tests.org import MakePerson, Org, account_of
from tests.organizations.actions import invite, list_invitations
from tests.parallel import in_parallel


def bulk(api: Any, org: Org, *rows: tuple[str, str], **arguments: Any) -> Any:
    """Invite addresses to roles."""
    body = {"invitations": [{"email": email, "role": role} for email, role in rows]}
    return api.post(f"{org.path}invitations/bulk/", body, **arguments)


def told_of(response: Any) -> list[tuple[str, str, str]]:
    """Return address, status and code of each row."""
    assert response.status_code == 200, response.content
    return [(row["email"], row["status"], (row["error"] or {}).get("code", "")) for row in response.json()["results"]]


def test_many_are_invited_and_mailed_in_their_order(org: Org, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    response = bulk(org.api, org, ("Ann@Example.com", "member"), ("bob@example.com", "owner"))
    assert response.status_code == 200
    results = response.json()["results"]
    listed = {item["id"]: item for item in list_invitations(org)}
    assert [row.pop("invitation") for row in results] == [
        next(item for item in listed.values() if item["email"] == email)
        for email in ("Ann@Example.com", "bob@example.com")
    ]
    assert results == [
        {"email": "Ann@Example.com", "status": "created", "error": None},
        {"email": "bob@example.com", "status": "created", "error": None},
    ]
    run_outbox()
    assert sorted(mail.to for mail in mailbox) == [["Ann@Example.com"], ["bob@example.com"]]


def test_what_is_wrong_with_one_does_not_keep_the_others(org: Org, make_person: MakePerson) -> None:
    org.add_member("viewer", "ada")
    invite(org, "known@example.com")
    response = bulk(
        org.as_("admin"),
        org,
        ("no address", "member"),
        ("ADA@example.com", "member"),
        ("Known@example.com", "viewer"),
        ("new@example.com", "king"),
        ("new@example.com", "owner"),
        ("", "member"),
        ("x@", "member"),
        ("a" * 300 + "@example.com", "member"),
        ("new@example.com", "admin"),
    )
    assert told_of(response) == [
        ("no address", "error", "validation_error"),
        ("ADA@example.com", "already_member", ""),
        ("Known@example.com", "already_invited", ""),
        ("new@example.com", "error", "validation_error"),
        ("new@example.com", "error", "forbidden"),
        ("", "error", "validation_error"),
        ("x@", "error", "validation_error"),
        ("a" * 300 + "@example.com", "error", "validation_error"),
        ("new@example.com", "created", ""),
    ]
    results = response.json()["results"]
    assert [row["error"] and row["error"]["detail"] for row in results][:5] == [
        "This is not an e-mail address",
        None,
        None,
        "This role does not exist",
        "Your role does not allow this.",
    ]
    assert [row["invitation"] is None for row in results] == [True] * 8 + [False]
    assert Invitation.objects.count() == 2


@pytest.mark.parametrize(
    "again", ["ann@example.com", "ANN@example.com", " ann@EXAMPLE.com ", '"ann"@example.com', "ann@Example.COM"]
)
def test_an_address_that_comes_twice_in_whatever_spelling_is_invited_once(org: Org, again: str) -> None:
    response = bulk(org.api, org, ("ann@example.com", "member"), (again, "viewer"), (again, "admin"))
    assert [status for _, status, _ in told_of(response)] == ["created", "already_invited", "already_invited"]
    assert (Invitation.objects.get().role, OutboxMessage.objects.count()) == ("member", 1)


def test_a_row_without_a_role_gets_the_one_of_the_setting(org: Org, settings: Settings) -> None:
    path, body = f"{org.path}invitations/bulk/", {"invitations": [{"email": "ann@example.com"}]}
    refused = org.api.post(path, body)
    assert refused.json()["errors"] == [
        {"loc": ["body", "invitations", 0, "role"], "msg": "Field required", "type": "missing"}
    ]
    settings.NINJA_ORGKIT = {"INVITATION_ROLE": "viewer"}
    assert org.api.post(path, body).json()["results"][0]["invitation"]["role"] == "viewer"


def test_a_personal_organization_invites_nobody(make_person: MakePerson, org: Org) -> None:
    ada = make_person()
    body = {"invitations": [{"email": "ann@example.com", "role": "viewer"}, {"email": "no", "role": "king"}]}
    response = ada.api.post(f"/orgs/{ada.org}/invitations/bulk/", body)
    assert (response.status_code, response.json()["code"]) == (409, "personal_organization")


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("member", 403), ("admin", 200), ("owner", 200)])
def test_bulk_needs_the_permission(org: Org, role: str, status: int) -> None:
    assert bulk(org.as_(role), org, ("ann@example.com", "viewer")).status_code == status


ROW = {"email": "ann@example.com", "role": "member"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"invitations": None},
        {"invitations": []},
        {"invitations": [ROW] * 101},
        {"invitations": [{**ROW, "email": "a\x00@example.com"}]},
        {"invitations": [{**ROW, "email": "\ud800@example.com"}]},
        {"invitations": [{**ROW, "email": "ann@example.com\nBcc: eve@example.com"}]},
        {"invitations": [{**ROW, "email": None}]},
        {"invitations": [{**ROW, "role": 5}]},
        {"invitations": [{**ROW, "status": "accepted"}]},
        {"invitations": [ROW, "ann@example.com"]},
        {"invitations": [ROW], "role": "member"},
    ],
)
def test_an_invalid_body_invites_nobody(org: Org, body: Any) -> None:
    assert org.api.post(f"{org.path}invitations/bulk/", body).status_code == 422
    assert not Invitation.objects.exists()


def test_the_limit_of_pending_ones_is_an_error_of_the_row(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"INVITATIONS_MAX_PENDING": 2}
    invite(org, "known@example.com")
    response = bulk(org.api, org, *((f"{name}@example.com", "member") for name in ("a", "b", "known", "c")))
    assert [row[1:] for row in told_of(response)] == [
        ("created", ""),
        ("error", "too_many_invitations"),
        ("already_invited", ""),
        ("error", "too_many_invitations"),
    ]


def test_earlier_invitations_that_no_longer_work_are_replaced(org: Org) -> None:
    invite(org, "ann@example.com")
    Invitation.objects.update(expires_at=timezone.now())
    invite(org, "bob@example.com", by=org.add_member("admin", "ada"))
    org.api.patch(f"{org.path}members/{_slug_of(org, 'ada')}/", {"role": "viewer"})
    response = bulk(org.api, org, ("ann@example.com", "member"), ("bob@example.com", "member"))
    assert [status for _, status, _ in told_of(response)] == ["created", "created"]
    stored = Invitation.objects.order_by("created_at", "email").values_list("email", "status")
    assert sorted(stored) == [
        ("ann@example.com", "expired"),
        ("ann@example.com", "pending"),
        ("bob@example.com", "cancelled"),
        ("bob@example.com", "pending"),
    ]


def _slug_of(org: Org, username: str) -> str:
    return str(org.row.memberships.get(account__username=username).account.slug)


def test_each_row_counts_against_the_throttle_of_the_user(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"THROTTLES": {"invite.user": "3/h"}}
    assert bulk(org.api, org, ("a@example.com", "member"), ("no", "member")).status_code == 200
    refused = bulk(org.api, org, ("b@example.com", "member"), ("c@example.com", "member"))
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert Invitation.objects.count() == 1


def test_an_address_that_was_invited_too_often_is_an_error_of_its_row(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"THROTTLES": {"invite.email": "1/h"}}
    key = invite(org, "ann@example.com").json()["id"]
    org.api.delete(f"{org.path}invitations/{key}/")
    response = bulk(org.api, org, ("ANN@example.com", "member"), ("bob@example.com", "member"))
    assert [row[1:] for row in told_of(response)] == [("error", "throttled"), ("created", "")]
    assert invite(org, "bob@example.com").status_code == 429


def test_a_refusal_of_the_hook_is_an_error_of_its_row(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"HOOKS": {"before_invite": "tests.organizations.rules.refusing_bob"}}
    response = bulk(org.api, org, ("bob@example.com", "member"), ("ann@example.com", "member"))
    assert [row[1:] for row in told_of(response)] == [("error", "forbidden"), ("created", "")]
    assert response.json()["results"][0]["error"]["detail"] == "Bob has been here before."


def test_what_the_hook_has_written_for_a_refused_row_is_undone(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"HOOKS": {"before_invite": "tests.organizations.rules.noting_and_refusing_bob"}}
    names = ("ann@example.com", "bob@example.com", "carl@example.com")
    response = bulk(org.api, org, *((name, "member") for name in names))
    assert [status for _, status, _ in told_of(response)] == ["created", "error", "created"]
    wanted = Event.objects.filter(action="host.invitation_wanted").order_by("pk")
    assert [event.target for event in wanted] == ["ann@example.com", "carl@example.com"]
    assert sorted(Contact.objects.values_list("display_name", flat=True)) == ["ann@example.com", "carl@example.com"]


def test_a_repeated_key_invites_once(org: Org) -> None:
    first, again = (
        bulk(org.api, org, ("ann@example.com", "member"), headers={"Idempotency-Key": "one"}) for _ in range(2)
    )
    assert (first.content, again["Idempotency-Replayed"]) == (again.content, "true")
    assert (Invitation.objects.count(), OutboxMessage.objects.count()) == (1, 1)


def test_each_new_invitation_leaves_its_event(org: Org) -> None:
    bulk(org.api, org, ("ann@example.com", "member"), ("bob@example.com", "member"), ("no", "member"))
    found = Event.objects.filter(action="invitation.sent")
    assert sorted(event.target_name for event in found) == ["ann@example.com", "bob@example.com"]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "one"}])
def test_bulk_takes_the_same_statements_for_1_row_and_for_50(
    org: Org, count_queries: CountQueries, settings: Settings, headers: dict[str, str]
) -> None:
    settings.NINJA_ORGKIT = {"INVITATIONS_MAX_PENDING": 1000}
    counts = []
    for how_many in (1, 50):
        rows = [(f"guest{how_many}-{number}@example.com", "member") for number in range(how_many)]
        keyed = {name: f"{value}-{how_many}" for name, value in headers.items()}
        with count_queries() as queries:
            response = bulk(org.api, org, *rows, headers=keyed)
        assert {status for _, status, _ in told_of(response)} == {"created"}
        counts.append(len([item for item in queries if "SAVEPOINT" not in item["sql"]]))
    # On SQLite, older versions of Django insert at most 999 values at once.
    assert counts[1] - counts[0] <= 1
    assert counts[0] <= 13


def test_the_host_invites_many(org: Org) -> None:
    owner = account_of(org.owner)
    rows = [{"email": "ann@example.com", "role": "member"}, {"email": "no", "role": "member"}]
    first, second = services.invite_many(org.row, rows, by=owner.user)
    assert (first.status, first.invitation, first.error) == ("created", Invitation.objects.get(), None)
    assert (second.status, second.invitation, second.email) == ("error", None, "no")
    with pytest.raises(Forbidden):
        services.invite_many(org.row, rows, by=account_of(org.add_member("member")))
    assert services.invite_many(org.row, [], by=owner) == []


@pytest.mark.django_db(transaction=True)
def test_inviting_the_same_people_concurrently_invites_each_once(org: Org) -> None:
    rows = [(f"guest{number}@example.com", "member") for number in range(5)]
    answers = in_parallel(3, lambda number: bulk(org.api, org, *(rows if number % 2 else reversed(rows))))
    statuses = [status for answer in answers for _, status, _ in told_of(answer)]
    assert sorted(statuses) == ["already_invited"] * 10 + ["created"] * 5
    assert Invitation.objects.count() == 5
