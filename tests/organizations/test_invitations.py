"""Inviting people, and listing and withdrawing invitations."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.header import decode_header, make_header
from typing import Any

import pytest
from django.utils import timezone
from django.utils.html import strip_tags
from pytest_django import Settings

from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations.models import Invitation
from tests.conftest import CountQueries, Mailbox, RunOutbox
from tests.mails import link_of, token_in
from tests.org import MakePerson, Org, account_of
from tests.organizations.actions import invite, list_invitations
from tests.parallel import in_parallel


def test_an_invitation_is_sent_by_mail(org: Org, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    response = invite(org, "Guest@Example.com", "admin")
    assert response.status_code == 201
    body = response.json()
    created, expires = (datetime.fromisoformat(body.pop(name)) for name in ("created_at", "expires_at"))
    assert timedelta(days=7) - (expires - created) < timedelta(seconds=5)
    assert body.pop("id")
    assert body == {"email": "Guest@Example.com", "role": "admin", "status": "pending", "invited_by": org.owner.slug}
    assert run_outbox() >= 1
    mail = mailbox[-1]
    assert mail.to == ["Guest@Example.com"]
    assert mail.subject == "olga invites you to Acme"
    assert "http://localhost:3000/invitation?token=" in mail.body
    assert token_in(mail) in str(mail.alternatives[0][0])


def test_names_cannot_break_the_subject_or_the_html(
    make_person: MakePerson, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    ada = make_person("ada")
    ada.api.post("/orgs/", {"name": "<b>O'Brien & Co</b>", "slug": "brien"})
    ada.api.post("/orgs/brien/invitations/", {"email": "guest@example.com", "role": "member"})
    run_outbox()
    mail = mailbox[-1]
    assert mail.subject == "ada invites you to <b>O'Brien & Co</b>"
    assert "<b>O'Brien & Co</b>" in mail.body
    assert "&lt;b&gt;O&#x27;Brien &amp; Co&lt;/b&gt;" in str(mail.alternatives[0][0])


@pytest.mark.parametrize(
    "name",
    [
        "Prize at https://evil.example/win",
        "www.evil.example",
        "Evil.example",
        "evil\u3002example",
        "evil.\u200bexample",
        "Mail ann@evil.example",
        "mailto:ann@localhost",
        "tel:+15550100",
        "//evil/share",
        "\\\\evil\\share",
        "=?utf-8?q?Your_bank?=",
        "1.evil.example:8000",
    ],
)
def test_no_client_makes_a_link_or_a_header_of_a_name(
    make_person: MakePerson, run_outbox: RunOutbox, mailbox: Mailbox, name: str
) -> None:
    eve = make_person("eve")
    eve.api.patch("/users/me", {"display_name": name})
    assert eve.api.post("/orgs/", {"name": name, "slug": "evil"}).json()["name"] == name
    eve.api.post("/orgs/evil/invitations/", {"email": "guest@example.com", "role": "member"})
    run_outbox()
    mail = mailbox[-1]
    link, html = link_of(mail)[0], strip_tags(str(mail.alternatives[0][0]))
    for text in (mail.subject, str(mail.body).replace(link, ""), html.replace(link, "")):
        assert not re.search(r"[:@.\u3002][\w+]{2}|//\w|\\\\|=\?", text.replace("\u200b", "")), text
        assert not re.search(r"https?:/", text.replace("\u200b", ""))
    unfolded = re.sub(r"\n(?=\s)", "", mail.message()["Subject"])  # a long header goes on in the next line
    decoded = str(make_header(decode_header(unfolded)))
    assert decoded == mail.subject


@pytest.mark.parametrize(
    "name", ["J.R. Smith", "St. Mary's", "Acme Inc.", "A/S", "Who? Me: I", "\U0001f469\u200d\U0001f52c", "नमस्ते"]
)
def test_names_that_are_no_links_are_printed_as_they_are(
    org: Org, run_outbox: RunOutbox, mailbox: Mailbox, name: str
) -> None:
    org.api.patch(org.path, {"name": name})
    invite(org, "guest@example.com")
    run_outbox()
    assert mailbox[-1].subject == f"olga invites you to {name}"


def test_a_name_with_line_breaks_adds_no_header(org: Org, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    user = account_of(org.owner).user
    user.first_name = "Eve\r\nBcc: victim@example.com"
    user.save()
    invite(org, "guest@example.com")
    run_outbox()
    message = mailbox[-1].message()
    assert message["Subject"] == "Eve Bcc: victim @ example . com invites you to Acme"
    assert message["Bcc"] is None
    assert mailbox[-1].recipients() == ["guest@example.com"]


def test_the_token_of_an_invitation_appears_only_in_the_mail(org: Org, run_outbox: RunOutbox, mailbox: Mailbox) -> None:
    response = invite(org, "guest@example.com")
    queued = [str(item.kwargs) for item in OutboxMessage.objects.all()]
    run_outbox()
    token = token_in(mailbox[-1])
    listed = org.api.get(f"{org.path}invitations/").content.decode()
    stored = [str(row) for row in Invitation.objects.values()]
    assert not any(
        token in text or token.rpartition(".")[2] in text
        for text in [response.content.decode(), listed, *queued, *stored]
    )
    assert "pending_key" not in listed


def test_no_mail_is_sent_for_an_invitation_withdrawn_before_the_worker_runs(
    org: Org, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    invitation = invite(org, "guest@example.com").json()["id"]
    org.api.delete(f"{org.path}invitations/{invitation}/")
    run_outbox()
    assert not [mail for mail in mailbox if mail.to == ["guest@example.com"]]


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("member", 403), ("admin", 201), ("owner", 201)])
def test_inviting_needs_the_permission(org: Org, role: str, status: int) -> None:
    someone = org.add_member(role)
    assert invite(org, "guest@example.com", by=someone).status_code == status
    assert someone.api.get(f"{org.path}invitations/").status_code == (200 if status == 201 else 403)


def test_nobody_can_invite_to_a_role_with_more_permissions_than_their_own(org: Org) -> None:
    admin = org.add_member("admin")
    response = invite(org, "guest@example.com", "owner", by=admin)
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert not Invitation.objects.exists()
    assert invite(org, "guest@example.com", "owner").status_code == 201


def test_an_admin_cannot_withdraw_an_invitation_they_could_not_send(org: Org) -> None:
    admin = org.add_member("admin")
    invitation = invite(org, "guest@example.com", "owner").json()["id"]
    assert admin.api.delete(f"{org.path}invitations/{invitation}/").status_code == 403


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
def test_an_invalid_body_invites_nobody(org: Org, body: Any) -> None:
    assert org.api.post(f"{org.path}invitations/", body).status_code == 422
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("spelling", ["ada@example.com", "ADA@example.com", "Ada@EXAMPLE.com", " ada@example.com "])
def test_a_member_cannot_be_invited_under_any_spelling_of_their_address(org: Org, spelling: str) -> None:
    org.add_member("viewer", "ada")
    response = invite(org, spelling)
    assert (response.status_code, response.json()["code"]) == (409, "already_member")


def test_an_address_has_at_most_one_pending_invitation(org: Org) -> None:
    first = invite(org, "guest@example.com").json()["id"]
    again = invite(org, "GUEST@example.com", "viewer")
    assert (again.status_code, again.json()["code"]) == (409, "already_invited")
    assert org.api.delete(f"{org.path}invitations/{first}/").status_code == 204
    assert invite(org, "GUEST@example.com", "viewer").status_code == 201


def test_an_expired_invitation_can_be_replaced(org: Org) -> None:
    invite(org, "guest@example.com")
    Invitation.objects.update(expires_at=timezone.now())
    assert [item["status"] for item in list_invitations(org)] == ["expired"]
    assert invite(org, "guest@example.com").status_code == 201
    assert [item["status"] for item in list_invitations(org)] == ["pending", "expired"]
    assert Invitation.objects.filter(status="pending").count() == 1


def test_two_organizations_can_invite_the_same_address(org: Org, other_org: Org) -> None:
    for inviting in (org, other_org):
        assert invite(inviting, "guest@example.com").status_code == 201


def test_a_personal_organization_invites_nobody(make_person: MakePerson) -> None:
    ada = make_person()
    response = ada.api.post(f"/orgs/{ada.org}/invitations/", {"email": "guest@example.com", "role": "viewer"})
    assert (response.status_code, response.json()["code"]) == (409, "personal_organization")


@pytest.mark.parametrize("status", ["accepted", "declined", "cancelled", "expired"])
def test_only_a_pending_invitation_can_be_withdrawn(org: Org, status: int) -> None:
    key = invite(org, "guest@example.com").json()["id"]
    invitation = Invitation.objects.get()
    invitation.status = status
    invitation.save()
    response = org.api.delete(f"{org.path}invitations/{key}/")
    assert (response.status_code, response.json()["code"]) == (409, "invitation_ended")
    assert [item["status"] for item in list_invitations(org)] == [status]


def test_an_expired_invitation_cannot_be_withdrawn(org: Org) -> None:
    key = invite(org, "guest@example.com").json()["id"]
    Invitation.objects.update(expires_at=timezone.now())
    assert org.api.delete(f"{org.path}invitations/{key}/").json()["code"] == "invitation_ended"


def test_ended_invitations_stay_in_the_list(org: Org) -> None:
    key = invite(org, "guest@example.com").json()["id"]
    org.api.delete(f"{org.path}invitations/{key}/")
    assert [(item["id"], item["status"]) for item in list_invitations(org)] == [(key, "cancelled")]


def test_paging_shows_every_invitation_once(org: Org) -> None:
    for number in range(5):
        invite(org, f"guest{number}@example.com")
    Invitation.objects.update(created_at="2026-01-01T00:00:00Z")
    seen = [item["email"] for item in org.api.walk(f"{org.path}invitations/", limit=2)]
    assert sorted(seen) == [f"guest{number}@example.com" for number in range(5)]
    assert [item["email"][5] for item in list_invitations(org, ordering="email")] == list("01234")


@pytest.mark.parametrize("how_many", [1, 50])
def test_listing_invitations_runs_three_statements_for_1_invitation_and_for_50(
    org: Org, count_queries: CountQueries, how_many: int
) -> None:
    for number in range(how_many):
        invite(org, f"guest{number}@example.com")
    with count_queries() as queries:
        assert len(list_invitations(org)) == how_many
    assert len(queries) == 3


@pytest.mark.django_db(transaction=True)
def test_inviting_one_address_concurrently_makes_one_invitation(org: Org) -> None:
    codes = in_parallel(3, lambda number: invite(org, "guest@example.com").status_code)
    assert sorted(codes) == [201, 409, 409]
    assert Invitation.objects.count() == 1


def test_an_address_that_becomes_too_long_when_normalised_is_refused(org: Org) -> None:
    long_domain = "\ufdfa" * 60 + ".example"
    assert invite(org, f"a@{long_domain}").status_code == 422


def test_an_invitation_without_a_role_gets_the_one_of_the_setting(org: Org, settings: Settings) -> None:
    path, guest = f"{org.path}invitations/", {"email": "guest@example.com"}
    refused = org.api.post(path, guest)
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"loc": ["body", "role"], "msg": "Field required", "type": "missing"}]
    settings.NINJA_ORGKIT = {"INVITATION_ROLE": "viewer"}
    for role in (None, "", 5, "king"):
        assert org.api.post(path, {**guest, "role": role}).status_code == 422
    assert org.api.post(path, {"email": "other@example.com", "role": "admin"}).json()["role"] == "admin"
    assert org.api.post(path, guest).json()["role"] == "viewer"


def test_the_role_of_the_setting_is_granted_only_by_whoever_may(org: Org, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"INVITATION_ROLE": "owner"}
    path, guest = f"{org.path}invitations/", {"email": "guest@example.com"}
    assert org.as_("admin").post(path, guest).status_code == 403
    assert org.api.post(path, guest).json()["role"] == "owner"
