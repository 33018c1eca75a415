"""What an invited person sees and does: by the mailed link, and without it by a verified address."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from pytest_django import Settings

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.organizations import tokens
from ninja_orgkit.organizations.models import Invitation, Membership, Organization
from tests.client import Api, Person, told
from tests.conftest import CountQueries, Mailbox, RunOutbox
from tests.mails import token_in
from tests.media.pictures import picture
from tests.org import MakeOrg, MakePerson, Org, account_of
from tests.organizations.actions import invite, roles_in
from tests.parallel import in_parallel
from tests.rows import insert

FAR = datetime(2100, 1, 1, tzinfo=UTC)
NOBODY = "00000000-0000-4000-8000-000000000000"


class Invite(Protocol):
    """The ``invited`` fixture: invites an address and returns the token of the mail."""

    def __call__(self, email: str = "guest@example.com", role: str = "member", *, by: Person | None = None) -> str:
        """Invite an address; the owner does it, unless told otherwise."""


@pytest.fixture
def invited(org: Org, run_outbox: RunOutbox, mailbox: Mailbox) -> Invite:
    def _invite(email: str = "guest@example.com", role: str = "member", *, by: Person | None = None) -> str:
        assert invite(org, email, role, by=by).status_code == 201
        run_outbox()
        return token_in(mailbox[-1])

    return _invite


@pytest.fixture
def guest(make_person: MakePerson) -> Person:
    """Return somebody whose address, ``guest@example.com``, is verified."""
    person = make_person("guest")
    verify(person)
    return person


def verify(person: Person) -> None:
    """Verify somebody's address."""
    Account.objects.filter(slug=person.slug).update(email_verified_at=timezone.now())


def preview(api: Api, token: str) -> Any:
    """Ask what an invitation is about."""
    return api.post("/invitations/preview", {"token": token})


def received(person: Person, **query: Any) -> list[dict[str, Any]]:
    """Return the first page of the invitations to somebody."""
    found: list[dict[str, Any]] = person.api.get("/invitations/", **query).json()["items"]
    return found


def lose(org: Org, sender: Person, loss: str) -> None:
    """Take the right to invite from an admin."""
    match loss:
        case "removed":
            org.api.delete(f"{org.path}members/{sender.slug}/")
        case "demoted":
            org.api.patch(f"{org.path}members/{sender.slug}/", {"role": "member"})
        case "deactivated":
            get_user_model().objects.filter(username=sender.user["username"]).update(is_active=False)
        case "deleted":
            account_of(sender).user.delete()


LOSSES = ["removed", "demoted", "deactivated", "deleted"]


# Preview


def test_a_preview_shows_who_invites_whom_to_what(org: Org, invited: Invite, api: Api) -> None:
    token = invited("Guest@Example.com", "admin")
    org.api.upload("/users/avatar", file=picture())
    response = preview(api, token)
    assert response.status_code == 200
    body = response.json()
    listed = org.api.get(f"{org.path}invitations/").json()["items"][0]
    assert body["inviter"].pop("avatar_url").startswith("http://testserver/api/v1/media/")
    assert body == {
        "organization": {"name": "Acme", "slug": "acme", "logo_url": None},
        "inviter": {"slug": org.owner.slug, "display_name": "olga"},
        "email": "Guest@Example.com",
        "role": "admin",
        "status": "pending",
        "expires_at": listed["expires_at"],
        "has_account": False,
    }


def test_a_preview_shows_the_logo(org: Org, invited: Invite, api: Api) -> None:
    token = invited()
    org.api.upload(f"{org.path}logo/", file=picture())
    assert preview(api, token).json()["organization"]["logo_url"].startswith("http://testserver/api/v1/media/")


def test_a_preview_says_whether_the_address_has_an_account(
    org: Org, invited: Invite, make_person: MakePerson, api: Api
) -> None:
    token = invited("gUEST@example.com")
    assert preview(api, token).json()["has_account"] is False
    guest = make_person("guest")
    assert preview(api, token).json()["has_account"] is True
    get_user_model().objects.filter(username="guest").update(email="elsewhere@example.com")
    Account.objects.filter(slug=guest.slug).update(email="elsewhere@example.com", email_key="elsewhere@example.com")
    assert preview(api, token).json()["has_account"] is False


def test_a_preview_tells_the_true_status_of_ended_invitations(
    org: Org, invited: Invite, guest: Person, api: Api
) -> None:
    token = invited()
    key = Invitation.objects.get().pk
    Invitation.objects.update(expires_at=timezone.now())
    assert preview(api, token).json()["status"] == "expired"
    token = invited()
    org.api.delete(f"{org.path}invitations/{Invitation.objects.exclude(pk=key).get().pk}/")
    assert preview(api, token).json()["status"] == "cancelled"
    token = invited()
    api.post("/invitations/decline", {"token": token})
    assert preview(api, token).json()["status"] == "declined"
    token = invited()
    guest.api.post("/invitations/accept", {"token": token})
    assert preview(api, token).json()["status"] == "accepted"


@pytest.mark.parametrize("loss", LOSSES)
def test_a_preview_says_that_the_inviter_lost_the_right(org: Org, invited: Invite, api: Api, loss: str) -> None:
    sender = org.add_member("admin")
    token = invited(by=sender)
    lose(org, sender, loss)
    body = preview(api, token).json()
    assert body["status"] == "cancelled"
    assert (body["inviter"] is None) == (loss == "deleted")


def test_unknown_replaced_and_tampered_tokens_and_a_deleted_organization_look_alike(
    org: Org, invited: Invite, api: Api, run_outbox: RunOutbox
) -> None:
    token = invited()
    gone = Invitation(pk=UUID(NOBODY))
    answers = [preview(api, bad) for bad in ("", "x", token[:-1], f"{token}x", "x" * 10_000, "ä", tokens.mint(gone))]
    org.api.post(f"{org.path}invitations/{Invitation.objects.get().pk}/resend/")
    answers.append(preview(api, token))
    newest = tokens.mint(Invitation.objects.get())
    assert preview(api, newest).status_code == 200
    org.api.delete(f"{org.path}?confirm=acme")
    answers.append(preview(api, newest))
    Organization.objects.filter(slug="acme").delete()
    answers.append(preview(api, newest))
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(400, "invalid_token")}
    assert len({str(told(answer)) for answer in answers}) == 1


def test_previewing_changes_nothing_and_takes_three_statements(
    org: Org, invited: Invite, api: Api, count_queries: CountQueries
) -> None:
    token = invited()
    before = Invitation.objects.values().get()
    with count_queries() as queries:
        assert preview(api, token).status_code == 200
    assert len(queries) == 3  # one of them counts the request
    assert Invitation.objects.values().get() == before


def test_previews_are_throttled_per_address(org: Org, invited: Invite, api: Api, settings: Settings) -> None:
    token = invited()
    settings.NINJA_ORGKIT = {"THROTTLES": {"invite.address": "2/min"}}
    assert [preview(api, text).status_code for text in (token, "x", token)] == [200, 400, 429]
    refused = preview(api, token)
    assert refused.json()["code"] == "throttled"
    assert 0 < int(refused["Retry-After"]) <= 60


@pytest.mark.parametrize("body", [{}, {"token": None}, {"token": 5}, {"token": "\x00"}, {"token": "x", "id": 1}])
def test_a_body_without_a_token_is_a_validation_error(api: Api, db: None, body: Any) -> None:
    assert api.post("/invitations/preview", body).status_code == 422


# The list of what one has received


def test_the_list_shows_pending_invitations_to_the_verified_address(org: Org, other_org: Org, guest: Person) -> None:
    first = invite(org, "GUEST@example.com", "viewer").json()
    second = invite(other_org, "guest@example.com").json()
    invite(org, "someone@example.com")
    page = guest.api.get("/invitations/").json()
    assert (page["count"], page["next"], page["previous"]) == (2, None, None)
    assert [item["id"] for item in page["items"]] == [second["id"], first["id"]]
    assert page["items"][1] == {
        "id": first["id"],
        "organization": {"name": "Acme", "slug": "acme", "logo_url": None},
        "inviter": {"slug": org.owner.slug, "display_name": "olga", "avatar_url": None},
        "email": "GUEST@example.com",
        "role": "viewer",
        "status": "pending",
        "created_at": first["created_at"],
        "expires_at": first["expires_at"],
        "has_account": True,
    }


def test_an_unverified_address_sees_nothing_and_accepts_nothing(org: Org, make_person: MakePerson) -> None:
    impostor = make_person("guest")
    key = invite(org, "guest@example.com").json()["id"]
    assert received(impostor) == []
    unknown = impostor.api.post(f"/invitations/{NOBODY}/accept")
    for action in ("accept", "decline"):
        answer = impostor.api.post(f"/invitations/{key}/{action}")
        assert answer.status_code == 404
        assert told(answer) == told(unknown)
    assert impostor.slug not in roles_in(org)
    assert Invitation.objects.get().status == "pending"


def test_the_list_follows_the_mailbox(org: Org, guest: Person) -> None:
    key = invite(org, "guest@example.com").json()["id"]
    Account.objects.filter(slug=guest.slug).update(email="new@example.com", email_key="new@example.com")
    assert received(guest) == []
    assert guest.api.post(f"/invitations/{key}/accept").status_code == 404
    Account.objects.filter(slug=guest.slug).update(email="guest@example.com", email_key="guest@example.com")
    assert [item["id"] for item in received(guest)] == [key]


def test_what_has_ended_is_not_in_the_list_and_not_found(org: Org, other_org: Org, guest: Person) -> None:
    keys = []
    for status in ("accepted", "declined", "cancelled", "expired"):
        keys.append(invite(org, "guest@example.com").json()["id"])
        invitation = Invitation.objects.get(pk=keys[-1])
        invitation.end(status)
    keys.append(invite(org, "guest@example.com").json()["id"])
    Invitation.objects.filter(pk=keys[-1]).update(expires_at=timezone.now())
    keys.append(invite(other_org, "guest@example.com").json()["id"])
    other_org.api.delete("/orgs/other/?confirm=other")
    assert received(guest) == []
    for key in keys:
        for action in ("accept", "decline"):
            assert guest.api.post(f"/invitations/{key}/{action}").status_code == 404
    assert guest.slug not in roles_in(org)


@pytest.mark.parametrize("loss", LOSSES)
def test_what_the_inviter_may_no_longer_grant_is_not_in_the_list_and_not_found(
    org: Org, guest: Person, loss: str
) -> None:
    sender = org.add_member("admin")
    key = invite(org, "guest@example.com", by=sender).json()["id"]
    assert [item["id"] for item in received(guest)] == [key]
    lose(org, sender, loss)
    assert received(guest) == []
    assert guest.api.post(f"/invitations/{key}/accept").status_code == 404
    assert guest.slug not in roles_in(org)


def test_the_list_agrees_with_the_status_for_every_pair_of_roles(
    org: Org, guest: Person, make_org: MakeOrg, settings: Settings
) -> None:
    settings.NINJA_ORGKIT = {"ROLES": {"scout": ["org.read", "invitations.manage"], "guest": ["org.read"]}}
    for sender in ("owner", "admin", "scout", "member", "gone"):
        for role in ("owner", "admin", "scout", "member", "guest", "gone"):
            there = make_org(f"{sender}-{role}")
            by = account_of(there.add_member(sender))
            key = {"email": "guest@example.com", "email_key": "guest@example.com"}
            invitation = Invitation(organization=there.row, role=role, invited_by=by, expires_at=FAR, **key)
            invitation.save()
    pending = {str(item.pk) for item in Invitation.objects.with_senders() if item.shown_status == "pending"}
    assert {item["id"] for item in received(guest, limit=100)} == pending
    assert 5 < len(pending) < 20


def test_the_list_is_the_callers_own_and_needs_one(org: Org, guest: Person, api: Api) -> None:
    invite(org, "guest@example.com")
    assert api.get("/invitations/").status_code == 401
    assert received(org.owner) == []


@pytest.mark.parametrize("how_many", [1, 50])
def test_the_list_takes_three_statements_for_1_invitation_and_for_50(
    org: Org, guest: Person, count_queries: CountQueries, how_many: int
) -> None:
    rows = insert(Organization(slug=f"team-{number}", name="Team", sort_key="team") for number in range(how_many))
    owner = account_of(org.owner)
    Membership.objects.bulk_create(Membership(organization=row, account=owner, role="owner") for row in rows)
    for row in rows:
        key = {"email": "guest@example.com", "email_key": "guest@example.com"}
        Invitation(organization=row, role="viewer", invited_by=owner, expires_at=FAR, **key).save()
    with count_queries() as queries:
        assert len(received(guest)) == how_many
    assert len(queries) == 3


# Accepting and declining without a token


def test_accepting_needs_no_token(org: Org, guest: Person) -> None:
    key = invite(org, "guest@example.com", "admin").json()["id"]
    response = guest.api.post(f"/invitations/{key}/accept")
    assert response.status_code == 200
    assert (response.json()["slug"], response.json()["role"]) == ("acme", "admin")
    assert response["ETag"] == guest.api.get(org.path)["ETag"]
    assert roles_in(org)[guest.slug] == "admin"
    assert received(guest) == []
    assert Invitation.objects.get().status == "accepted"


def test_accepting_again_is_the_same_while_the_membership_lasts(org: Org, guest: Person) -> None:
    path = f"/invitations/{invite(org, 'guest@example.com').json()['id']}/accept"
    first, again = guest.api.post(path), guest.api.post(path)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    org.api.patch(f"{org.path}members/{guest.slug}/", {"role": "viewer"})
    assert guest.api.post(path).json()["role"] == "viewer"
    org.api.delete(f"{org.path}members/{guest.slug}/")
    assert guest.api.post(path).status_code == 404
    assert guest.slug not in roles_in(org)


def test_accepting_as_a_member_keeps_the_role(org: Org, guest: Person) -> None:
    key = invite(org, "guest@example.com", "admin").json()["id"]
    org.join(guest, "viewer")
    assert guest.api.post(f"/invitations/{key}/accept").json()["role"] == "viewer"
    assert Membership.objects.filter(organization=org.row).count() == 2


def test_declining_needs_no_token(org: Org, guest: Person) -> None:
    key = invite(org, "guest@example.com").json()["id"]
    response = guest.api.post(f"/invitations/{key}/decline")
    assert (response.status_code, response.content) == (204, b"")
    assert Invitation.objects.get().status == "declined"
    for action in ("accept", "decline"):
        assert guest.api.post(f"/invitations/{key}/{action}").status_code == 404
    assert invite(org, "guest@example.com").status_code == 201


def test_somebody_elses_and_an_unknown_invitation_look_alike(
    org: Org, make_person: MakePerson, count_queries: CountQueries
) -> None:
    thief = make_person("thief")
    verify(thief)
    key = invite(org, "guest@example.com").json()["id"]
    for action in ("accept", "decline"):
        seen = []
        for asked in (key, NOBODY):
            with count_queries() as queries:
                answer = thief.api.post(f"/invitations/{asked}/{action}")
            shapes = [item["sql"].partition("WHERE")[0].partition("SAVEPOINT")[0] for item in queries]
            seen.append((answer.status_code, told(answer), shapes))
        assert seen[0] == seen[1]
        assert seen[0][0] == 404
    assert roles_in(org) == {org.owner.slug: "owner"}


@pytest.mark.parametrize("part", ["1", "abc", NOBODY.replace("-", ""), NOBODY.upper().replace("0", "A")])
def test_an_id_is_a_lower_case_uuid(guest: Person, part: str) -> None:
    assert guest.api.post(f"/invitations/{part}/accept").status_code == 404


def test_a_full_organization_takes_nobody_in(org: Org, guest: Person, settings: Settings) -> None:
    key = invite(org, "guest@example.com").json()["id"]
    settings.NINJA_ORGKIT = {"MEMBERS_MAX": 1}
    response = guest.api.post(f"/invitations/{key}/accept")
    assert (response.status_code, response.json()["code"]) == (409, "too_many_members")
    assert [item["id"] for item in received(guest)] == [key]
    settings.NINJA_ORGKIT = {"ORGANIZATIONS_MAX": 1}
    Invitation.objects.update(role="owner")
    guest.api.post("/orgs/", {"name": "Own"})
    assert guest.api.post(f"/invitations/{key}/accept").json()["code"] == "too_many_organizations"
    assert guest.slug not in roles_in(org)


def test_the_hook_of_members_decides_without_a_token_too(org: Org, guest: Person, settings: Settings) -> None:
    key = invite(org, "guest@example.com").json()["id"]
    settings.NINJA_ORGKIT = {"HOOKS": {"before_add_member": "tests.organizations.rules.refusing_all"}}
    assert guest.api.post(f"/invitations/{key}/accept").status_code == 403
    assert Invitation.objects.get().status == "pending"
    settings.NINJA_ORGKIT = {}
    assert guest.api.post(f"/invitations/{key}/accept").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_accepting_concurrently_with_and_without_a_token_makes_one_member(
    org: Org, invited: Invite, guest: Person
) -> None:
    token = invited()
    key = Invitation.objects.get().pk

    def accept(number: int) -> int:
        if number % 2:
            return int(guest.api.post("/invitations/accept", {"token": token}).status_code)
        return int(guest.api.post(f"/invitations/{key}/accept").status_code)

    assert in_parallel(4, accept) == [200, 200, 200, 200]
    assert Membership.objects.filter(organization=org.row).count() == 2
