"""Reading, changing and resending an invitation."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from pytest_django import Settings

from ninja_orgkit.audit.models import Event
from ninja_orgkit.organizations.models import Invitation
from tests.client import Person
from tests.conftest import CountQueries, Mailbox, RunOutbox
from tests.mails import token_in
from tests.org import MakePerson, Org, account_of
from tests.organizations.actions import invite, list_invitations, roles_in
from tests.parallel import in_parallel

ENDED = ["accepted", "declined", "cancelled"]


def path_of(org: Org, key: str) -> str:
    """Return the path of an invitation."""
    return f"{org.path}invitations/{key}/"


def sent(org: Org, role: str = "member", *, by: Person | None = None) -> str:
    """Invite ``guest@example.com`` and return the path of the invitation."""
    return path_of(org, invite(org, "guest@example.com", role, by=by).json()["id"])


def end(status: str) -> None:
    """End the only invitation."""
    Invitation.objects.get().end(status)


def code(response: Any) -> tuple[int, str]:
    """Return status and code of an answer."""
    return response.status_code, response.json().get("code", "")


# Reading


def test_an_invitation_is_read_as_it_is_listed(org: Org) -> None:
    created = invite(org, "guest@example.com", "admin")
    response = org.api.get(path_of(org, created.json()["id"]))
    assert response.status_code == 200
    assert response.json() == created.json() == list_invitations(org)[0]
    assert created["Location"] == f"http://testserver/api/v1{path_of(org, created.json()['id'])}"
    assert response["ETag"] == created["ETag"]


def test_the_etag_changes_with_everything_that_is_seen(org: Org) -> None:
    path = sent(org)
    first = org.api.get(path)["ETag"]
    assert org.api.get(path, headers={"If-None-Match": first}).status_code == 304
    seen = {first}
    assert org.api.patch(path, {"role": "viewer"})["ETag"] not in seen
    seen.add(org.api.get(path)["ETag"])
    assert org.api.post(f"{path}resend/")["ETag"] not in seen
    seen.add(org.api.get(path)["ETag"])
    Invitation.objects.update(expires_at=timezone.now())
    seen.add(org.api.get(path)["ETag"])
    assert len(seen) == 4


@pytest.mark.parametrize(("role", "allowed"), [("viewer", False), ("member", False), ("admin", True), ("owner", True)])
def test_reading_changing_and_resending_need_the_permission(org: Org, role: str, allowed: bool) -> None:
    path, someone = sent(org), org.as_(role)
    for answer in (someone.get(path), someone.patch(path, {"role": "viewer"}), someone.post(f"{path}resend/")):
        assert answer.status_code == (200 if allowed else 403)


# Changing


def test_changing_the_role_changes_what_the_link_gives(
    org: Org, make_person: MakePerson, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    path = sent(org)
    run_outbox()
    response = org.api.patch(path, {"role": "viewer"})
    assert (response.status_code, response.json()["role"]) == (200, "viewer")
    guest = make_person("guest")
    run_outbox()
    assert len([mail for mail in mailbox if mail.to == ["guest@example.com"]]) == 1
    assert guest.api.post("/invitations/accept", {"token": token_in(mailbox[-1])}).json()["role"] == "viewer"


def test_nobody_changes_a_role_from_or_to_more_than_they_hold(org: Org) -> None:
    admin, path = org.add_member("admin"), sent(org)
    assert code(admin.api.patch(path, {"role": "owner"})) == (403, "forbidden")
    assert org.api.patch(path, {"role": "owner"}).status_code == 200
    assert code(admin.api.patch(path, {"role": "viewer"})) == (403, "forbidden")
    assert code(admin.api.post(f"{path}resend/")) == (403, "forbidden")
    assert Invitation.objects.get().role == "owner"


def test_who_changes_the_role_answers_for_it(org: Org) -> None:
    admin = org.add_member("admin")
    path = sent(org, by=admin)
    changed = org.api.patch(path, {"role": "owner"}).json()
    assert (changed["role"], changed["status"], changed["invited_by"]) == ("owner", "pending", org.owner.slug)
    org.api.delete(f"{org.path}members/{admin.slug}/")
    assert org.api.get(path).json()["status"] == "pending"


def test_the_same_role_again_changes_nothing(org: Org) -> None:
    path = sent(org)
    before = (Invitation.objects.values().get(), Event.objects.count())
    assert org.as_("admin").patch(path, {"role": "member"}).status_code == 200
    assert Invitation.objects.values().get() == before[0]


@pytest.mark.parametrize("body", [{}, {"role": None}, {"role": 5}, {"role": "king"}, {"role": "member", "email": "x"}])
def test_an_invalid_change_changes_nothing(org: Org, body: Any) -> None:
    path = sent(org)
    assert org.api.patch(path, body).status_code == 422
    assert Invitation.objects.get().role == "member"


@pytest.mark.parametrize("status", [*ENDED, "expired"])
def test_only_a_pending_invitation_is_changed(org: Org, status: str) -> None:
    path = sent(org)
    end(status)
    assert code(org.api.patch(path, {"role": "viewer"})) == (409, "invitation_ended")
    assert Invitation.objects.get().role == "member"


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_stale_write_is_refused(org: Org, method: str) -> None:
    path = sent(org)
    stale = org.api.get(path)["ETag"]
    assert org.api.patch(path, {"role": "viewer"}, headers={"If-Match": stale}).status_code == 200
    body = {"role": "admin"} if method == "PATCH" else None
    arguments = [body] if body else []
    send = getattr(org.api, method.lower())
    assert code(send(path, *arguments, headers={"If-Match": stale})) == (412, "precondition_failed")
    assert (Invitation.objects.get().role, Invitation.objects.get().status) == ("viewer", "pending")
    fresh = org.api.get(path)["ETag"]
    assert send(path, *arguments, headers={"If-Match": fresh}).status_code in (200, 204)


# Resending


def test_resending_mails_a_new_link_and_voids_the_old_one(
    org: Org, make_person: MakePerson, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    path = sent(org)
    run_outbox()
    old = token_in(mailbox[-1])
    before = org.api.get(path).json()
    response = org.api.post(f"{path}resend/")
    assert response.status_code == 200
    after = response.json()
    assert datetime.fromisoformat(after["expires_at"]) > datetime.fromisoformat(before["expires_at"])
    left = datetime.fromisoformat(after["expires_at"]) - timezone.now()
    assert timedelta(days=7) - left < timedelta(minutes=1)
    assert {**after, "expires_at": ""} == {**before, "expires_at": ""}
    run_outbox()
    new = token_in(mailbox[-1])
    assert (new != old, mailbox[-1].to) == (True, ["guest@example.com"])
    guest = make_person("guest")
    for route in ("preview", "accept", "decline"):
        assert code(guest.api.post(f"/invitations/{route}", {"token": old})) == (400, "invalid_token")
    body = {"email": "guest@example.com", "password": "correct horse battery", "invitation": old}
    assert guest.api.post("/auth/register", body).status_code in (400, 409)
    assert guest.slug not in roles_in(org)
    assert guest.api.post("/invitations/accept", {"token": new}).status_code == 200


def test_an_expired_invitation_is_pending_again(org: Org) -> None:
    path = sent(org)
    Invitation.objects.update(expires_at=timezone.now())
    assert org.api.post(f"{path}resend/").json()["status"] == "pending"
    assert code(invite(org, "GUEST@example.com")) == (409, "already_invited")


def test_an_expired_invitation_that_was_replaced_is_not_resent_beside_its_successor(org: Org) -> None:
    path = sent(org)
    Invitation.objects.update(expires_at=timezone.now())
    newer = sent(org)
    assert code(org.api.post(f"{path}resend/")) == (409, "already_invited")
    org.api.delete(newer)
    assert org.api.post(f"{path}resend/").json()["status"] == "pending"


@pytest.mark.parametrize("status", ENDED)
def test_an_invitation_that_ended_otherwise_is_not_resent(
    org: Org, status: str, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    path = sent(org)
    end(status)
    assert code(org.api.post(f"{path}resend/")) == (409, "invitation_ended")
    run_outbox()
    assert mailbox == []


def test_an_invitation_whose_inviter_lost_the_right_is_not_resent(org: Org) -> None:
    admin = org.add_member("admin")
    path = sent(org, by=admin)
    get_user_model().objects.filter(pk=account_of(admin).pk).update(is_active=False)
    assert code(org.api.post(f"{path}resend/")) == (409, "invitation_ended")


def test_who_resends_answers_for_the_invitation(org: Org, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    admin = org.add_member("admin", "ada")
    path = sent(org, by=admin)
    Invitation.objects.update(expires_at=timezone.now())
    org.api.delete(f"{org.path}members/{admin.slug}/")
    resent = org.api.post(f"{path}resend/").json()
    assert (resent["status"], resent["invited_by"]) == ("pending", org.owner.slug)
    run_outbox()
    assert mailbox[-1].subject == "olga invites you to Acme"


def test_resending_knows_members_and_the_limit_of_pending_ones(
    org: Org, make_person: MakePerson, settings: Settings
) -> None:
    path = sent(org)
    Invitation.objects.update(expires_at=timezone.now())
    settings.NINJA_ORGKIT = {"INVITATIONS_MAX_PENDING": 1}
    other = path_of(org, invite(org, "other@example.com").json()["id"])
    assert code(org.api.post(f"{path}resend/")) == (409, "too_many_invitations")
    assert org.api.post(f"{other}resend/").status_code == 200
    org.api.delete(other)
    assert org.api.post(f"{path}resend/").status_code == 200
    org.join(make_person("guest"), "viewer")
    assert code(org.api.post(f"{path}resend/")) == (409, "already_member")


def test_each_invitation_is_resent_five_times_an_hour(org: Org) -> None:
    path = sent(org)
    other = path_of(org, invite(org, "other@example.com").json()["id"])
    assert [org.api.post(f"{path}resend/").status_code for _ in range(6)] == [200] * 5 + [429]
    refused = org.as_("admin").post(f"{path}resend/")
    assert code(refused) == (429, "throttled")
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert org.api.post(f"{other}resend/").status_code == 200


@pytest.mark.parametrize("scope", ["invite.user", "invite.email"])
def test_resending_counts_as_inviting(org: Org, settings: Settings, scope: str) -> None:
    settings.NINJA_ORGKIT = {"THROTTLES": {scope: "2/h"}}
    path = sent(org)
    assert [org.api.post(f"{path}resend/").status_code for _ in range(2)] == [200, 429]


def test_a_refused_resend_counts_nothing(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"THROTTLES": {"invite.resend": "1/h"}}
    admin, path = org.add_member("admin"), sent(org, "owner")
    assert [admin.api.post(f"{path}resend/").status_code for _ in range(2)] == [403, 403]
    assert org.api.post(f"{path}resend/").status_code == 200


def test_the_hook_decides_about_changes_and_resends(org: Org, settings: Settings) -> None:
    path = sent(org)
    settings.NINJA_ORGKIT = {"HOOKS": {"before_invite": "tests.organizations.rules.refusing_all"}}
    assert org.api.patch(path, {"role": "viewer"}).status_code == 403
    assert org.api.post(f"{path}resend/").status_code == 403
    assert (Invitation.objects.get().role, Invitation.objects.get().resends) == ("member", 0)


def test_changing_resending_and_ending_leave_events(org: Org, make_person: MakePerson) -> None:
    path = sent(org)
    org.api.patch(path, {"role": "viewer"})
    org.api.post(f"{path}resend/")
    org.api.delete(path)
    found = Event.objects.filter(action__startswith="invitation.").order_by("created_at", "id")
    assert [event.action for event in found] == [
        "invitation.sent",
        "invitation.updated",
        "invitation.resent",
        "invitation.cancelled",
    ]
    assert {(event.actor, event.target) for event in found} == {(org.owner.slug, str(Invitation.objects.get().pk))}
    assert found[1].changes == {"role": {"old": "member", "new": "viewer"}}
    assert set(found[2].changes) == {"expires_at"}


@pytest.mark.parametrize("how_many", [0, 49])
def test_resending_takes_constant_statements(org: Org, count_queries: CountQueries, how_many: int) -> None:
    for number in range(how_many):
        invite(org, f"other{number}@example.com")
    path = sent(org)
    with count_queries() as queries:
        assert org.api.post(f"{path}resend/").status_code == 200
    writes = [item["sql"] for item in queries if "SAVEPOINT" not in item["sql"]]
    assert len(writes) == 14


@pytest.mark.django_db(transaction=True)
def test_an_invitation_resent_and_accepted_at_once_is_one_of_the_two(
    org: Org, make_person: MakePerson, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    path = sent(org)
    run_outbox()
    guest, token = make_person("guest"), token_in(mailbox[-1])

    def act(number: int) -> Any:
        if number:
            return guest.api.post("/invitations/accept", {"token": token})
        return org.api.post(f"{path}resend/")

    resent, accepted = in_parallel(2, act)
    codes = resent.status_code, accepted.status_code
    assert codes in {(200, 400), (409, 200)}
    assert (guest.slug in roles_in(org)) == (codes == (409, 200))
    assert Invitation.objects.get().status == ("accepted" if codes == (409, 200) else "pending")
