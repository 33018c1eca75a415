from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations.models import Invitation
from tests.organizations.conftest import account_of, token_in


def test_an_invitation_is_sent_by_mail(team, run_outbox, mailbox):
    response = team.invite("Guest@Example.com", "admin")
    assert response.status_code == 201
    body = response.json()
    created, expires = (datetime.fromisoformat(body.pop(name)) for name in ("created_at", "expires_at"))
    assert timedelta(days=7) - (expires - created) < timedelta(seconds=5)
    assert body.pop("id")
    assert body == {"email": "Guest@Example.com", "role": "admin", "status": "pending", "invited_by": team.owner.slug}
    assert run_outbox() >= 1
    mail = mailbox[-1]
    assert mail.to == ["Guest@Example.com"]
    assert mail.subject == "olga invites you to Acme"
    assert "http://localhost:3000/invitation?token=" in mail.body
    assert token_in(mail) in str(mail.alternatives[0][0])


def test_names_can_neither_break_the_subject_nor_the_html(person, run_outbox, mailbox):
    ada = person("ada")
    ada.api.post("/orgs/", {"name": "<b>O'Brien & Co</b>", "slug": "brien"})
    ada.api.post("/orgs/brien/invitations/", {"email": "guest@example.com", "role": "member"})
    run_outbox()
    mail = mailbox[-1]
    assert mail.subject == "ada invites you to <b>O'Brien & Co</b>"
    assert "<b>O'Brien & Co</b>" in mail.body
    assert "&lt;b&gt;O&#x27;Brien &amp; Co&lt;/b&gt;" in mail.alternatives[0][0]


def test_a_name_with_line_breaks_adds_no_header(team, run_outbox, mailbox):
    user = account_of(team.owner).user
    user.first_name = "Eve\r\nBcc: victim@example.com"
    user.save()
    team.invite("guest@example.com")
    run_outbox()
    message = mailbox[-1].message()
    assert message["Subject"] == "Eve Bcc: victim@example.com invites you to Acme"
    assert message["Bcc"] is None
    assert mailbox[-1].recipients() == ["guest@example.com"]


def test_the_secret_is_in_the_mail_alone(team, run_outbox, mailbox):
    response = team.invite("guest@example.com")
    queued = [str(item.kwargs) for item in OutboxMessage.objects.all()]
    run_outbox()
    token = token_in(mailbox[-1])
    listed = team.owner.api.get(f"{team.path}invitations/").content.decode()
    stored = [str(row) for row in Invitation.objects.values()]
    assert not any(
        token in text or token.rpartition(".")[2] in text
        for text in [response.content.decode(), listed, *queued, *stored]
    )
    assert "pending_key" not in listed


def test_a_mail_that_is_sent_late_is_not_sent_for_an_ended_invitation(team, run_outbox, mailbox):
    invitation = team.invite("guest@example.com").json()["id"]
    team.owner.api.delete(f"{team.path}invitations/{invitation}/")
    run_outbox()
    assert not [mail for mail in mailbox if mail.to == ["guest@example.com"]]


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("member", 403), ("admin", 201), ("owner", 201)])
def test_inviting_needs_the_permission(team, role, status):
    someone = team.member(role)
    assert team.invite("guest@example.com", by=someone).status_code == status
    assert someone.api.get(f"{team.path}invitations/").status_code == (200 if status == 201 else 403)


def test_inviting_grants_no_more_than_the_inviter_holds(team):
    admin = team.member("admin")
    response = team.invite("guest@example.com", "owner", by=admin)
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert not Invitation.objects.exists()
    assert team.invite("guest@example.com", "owner").status_code == 201


def test_an_admin_does_not_withdraw_what_they_could_not_grant(team):
    admin = team.member("admin")
    invitation = team.invite("guest@example.com", "owner").json()["id"]
    assert admin.api.delete(f"{team.path}invitations/{invitation}/").status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "guest@example.com"},
        {"role": "member"},
        {"email": "no", "role": "member"},
        {"email": "g@example.com", "role": "king"},
        {"email": "a@example.com\nBcc: b@example.com", "role": "member"},
        {"email": "g@example.com", "role": "member", "status": "accepted"},
        {"email": None, "role": "member"},
    ],
)
def test_a_body_that_is_not_valid_invites_nobody(team, body):
    assert team.owner.api.post(f"{team.path}invitations/", body).status_code == 422
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("spelling", ["ada@example.com", "ADA@example.com", "Ada@EXAMPLE.com", " ada@example.com "])
def test_a_member_is_not_invited_again_in_any_spelling(team, spelling):
    team.member("viewer", "ada")
    response = team.invite(spelling)
    assert (response.status_code, response.json()["code"]) == (409, "already_member")


def test_an_address_is_invited_once_at_a_time(team):
    first = team.invite("guest@example.com").json()["id"]
    again = team.invite("GUEST@example.com", "viewer")
    assert (again.status_code, again.json()["code"]) == (409, "already_invited")
    assert team.owner.api.delete(f"{team.path}invitations/{first}/").status_code == 204
    assert team.invite("GUEST@example.com", "viewer").status_code == 201


def test_an_expired_invitation_makes_way_for_a_new_one(team):
    team.invite("guest@example.com")
    Invitation.objects.update(expires_at=timezone.now())
    assert [item["status"] for item in _listed(team)] == ["expired"]
    assert team.invite("guest@example.com").status_code == 201
    assert [item["status"] for item in _listed(team)] == ["pending", "expired"]
    assert Invitation.objects.filter(status="pending").count() == 1


def test_two_organizations_may_invite_one_address(team, person):
    other = person()
    other.api.post("/orgs/", {"name": "Other", "slug": "other"})
    assert team.invite("guest@example.com").status_code == 201
    body = {"email": "guest@example.com", "role": "member"}
    assert other.api.post("/orgs/other/invitations/", body).status_code == 201


def test_a_personal_organization_is_not_shared(person):
    ada = person()
    response = ada.api.post(f"/orgs/{ada.org}/invitations/", {"email": "guest@example.com", "role": "viewer"})
    assert (response.status_code, response.json()["code"]) == (409, "personal_organization")


def test_only_so_many_invitations_are_pending(team, settings):
    settings.NINJA_ORGKIT = {"INVITATIONS_MAX_PENDING": 2}
    ids = [team.invite(f"guest{number}@example.com").json()["id"] for number in range(2)]
    response = team.invite("more@example.com")
    assert (response.status_code, response.json()["code"]) == (409, "too_many_invitations")
    team.owner.api.delete(f"{team.path}invitations/{ids[0]}/")
    assert team.invite("more@example.com").status_code == 201
    Invitation.objects.filter(email="more@example.com").update(expires_at=timezone.now())
    assert team.invite("another@example.com").status_code == 201


def _withdrawn(team, email, *, by=None):
    """Invite an address, withdraw the invitation if there is one, and return the answer to the first."""
    response = team.invite(email, by=by)
    if response.status_code == 201:
        team.owner.api.delete(f"{team.path}invitations/{response.json()['id']}/")
    return response


def test_nobody_invites_without_end(team, settings):
    settings.NINJA_ORGKIT = {"THROTTLES": {"invite.user": "3/h"}}
    admin = team.member("admin", "ada")
    codes = [_withdrawn(team, email).status_code for email in ("ada@example.com", "a@example.com", "b@example.com")]
    assert codes == [409, 201, 201]
    refused = _withdrawn(team, "c@example.com")
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert _withdrawn(team, "c@example.com", by=admin).status_code == 201


@pytest.mark.parametrize("known", [True, False])
def test_no_address_is_invited_again_and_again_by_whomever(team, person, settings, known):
    settings.NINJA_ORGKIT = {"THROTTLES": {"invite.email": "2/h"}}
    if known:
        person("guest")
    admin = team.member("admin")
    assert _withdrawn(team, "guest@example.com").status_code == 201
    assert _withdrawn(team, "GUEST@Example.com", by=admin).status_code == 201
    for someone in (team.owner, admin):
        refused = _withdrawn(team, "guest@example.com", by=someone)
        assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert team.invite("other@example.com").status_code == 201


def test_an_address_gets_twenty_invitations_an_hour(team):
    assert [_withdrawn(team, "guest@example.com").status_code for _ in range(21)] == [201] * 20 + [429]


def test_who_may_not_invite_spends_nothing(team, settings):
    settings.NINJA_ORGKIT = {"THROTTLES": {"invite.email": "1/h"}}
    viewer = team.member("viewer")
    assert team.invite("guest@example.com", by=viewer).status_code == 403
    assert team.invite("guest@example.com").status_code == 201


@pytest.mark.parametrize("status", ["accepted", "declined", "cancelled", "expired"])
def test_only_a_pending_invitation_can_be_withdrawn(team, status):
    key = team.invite("guest@example.com").json()["id"]
    invitation = Invitation.objects.get()
    invitation.status = status
    invitation.save()
    response = team.owner.api.delete(f"{team.path}invitations/{key}/")
    assert (response.status_code, response.json()["code"]) == (409, "invitation_ended")
    assert [item["status"] for item in _listed(team)] == [status]


def test_one_that_is_past_its_time_cannot_be_withdrawn(team):
    key = team.invite("guest@example.com").json()["id"]
    Invitation.objects.update(expires_at=timezone.now())
    assert team.owner.api.delete(f"{team.path}invitations/{key}/").json()["code"] == "invitation_ended"


def test_ended_invitations_stay_listed(team):
    key = team.invite("guest@example.com").json()["id"]
    team.owner.api.delete(f"{team.path}invitations/{key}/")
    assert [(item["id"], item["status"]) for item in _listed(team)] == [(key, "cancelled")]


def test_invitations_are_listed_newest_first_in_pages(team):
    for number in range(5):
        team.invite(f"guest{number}@example.com")
    Invitation.objects.update(created_at="2026-01-01T00:00:00Z")
    seen, url = [], f"{team.path}invitations/?limit=2"
    while url:
        page = team.owner.api.get(url).json()
        seen += [item["email"] for item in page["items"]]
        url = page["next"]
    assert sorted(seen) == [f"guest{number}@example.com" for number in range(5)]
    assert [item["email"][5] for item in _listed(team, ordering="email")] == list("01234")


@pytest.mark.parametrize("how_many", [1, 50])
def test_listing_invitations_takes_the_same_statements_however_many(team, count_queries, how_many):
    for number in range(how_many):
        team.invite(f"guest{number}@example.com")
    with count_queries() as queries:
        assert len(_listed(team)) == how_many
    assert len(queries) == 4


@pytest.mark.django_db(transaction=True)
def test_inviting_one_address_at_once_makes_one_invitation(team):
    start = threading.Barrier(3)

    def go():
        start.wait()
        try:
            return team.invite("guest@example.com").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        codes = sorted(job.result() for job in [pool.submit(go) for _ in range(3)])
    assert codes == [201, 409, 409]
    assert Invitation.objects.count() == 1


def _listed(team, **query):
    return team.owner.api.get(f"{team.path}invitations/", **query).json()["items"]


def test_an_address_that_folding_makes_too_long_is_refused(team):
    long_domain = "\ufdfa" * 60 + ".example"
    assert team.invite(f"a@{long_domain}").status_code == 422
