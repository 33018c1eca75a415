from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from ninja_orgkit.errors import InvalidToken
from ninja_orgkit.organizations.errors import WrongRecipient
from ninja_orgkit.organizations.models import Invitation, Membership
from ninja_orgkit.organizations.services import invitations
from tests.organizations.conftest import account_of, token_in


@pytest.fixture
def invited(team, run_outbox, mailbox):
    """Return a function that invites an address and returns the token of the mail."""

    def _invite(email="guest@example.com", role="member", **kwargs):
        response = team.invite(email, role, **kwargs)
        assert response.status_code == 201, response.content
        run_outbox()
        return token_in(mailbox[-1])

    return _invite


def _accept(person, token):
    return person.api.post("/invitations/accept", {"token": token})


def _code(response):
    return response.status_code, response.json().get("code")


def test_whoever_was_invited_joins_in_the_role_they_were_asked_for(team, invited, person):
    guest = person("guest")
    response = _accept(guest, invited(role="admin"))
    assert response.status_code == 200
    body = response.json()
    assert (body["slug"], body["role"]) == ("acme", "admin")
    assert "members.manage" in body["permissions"]
    assert response["ETag"] == guest.api.get(team.path)["ETag"]
    assert team.roles()[guest.slug] == "admin"
    assert Invitation.objects.get().status == "accepted"
    assert guest.api.get(team.path).json()["role"] == "admin"


def test_the_spelling_of_the_address_makes_no_difference(team, invited, person):
    guest = person("guest", email="Guest@Example.COM")
    assert _accept(guest, invited("gUEST@example.com")).status_code == 200


def test_who_holds_the_mail_counts_as_verified(team, invited, person):
    guest = person("guest")
    assert account_of(guest).email_verified_at is None
    _accept(guest, invited())
    assert account_of(guest).email_verified_at is not None


def test_somebody_else_cannot_accept(team, invited, person):
    thief = person("thief")
    token = invited()
    assert _code(_accept(thief, token)) == (403, "wrong_recipient")
    assert account_of(thief).email_verified_at is None
    assert team.roles() == {team.owner.slug: "owner"}
    assert _accept(person("guest"), token).status_code == 200


def test_typing_the_address_without_the_mail_is_not_enough(team, invited, person):
    invited()
    impostor = person("guest")
    for token in (
        "",
        "x",
        "x" * 10_000,
        str(Invitation.objects.get().pk),
        f"{Invitation.objects.get().pk.hex}.x",
        "ä",
        ".",
    ):
        assert _code(_accept(impostor, token)) == (400, "invalid_token")
    assert team.roles() == {team.owner.slug: "owner"}


def test_another_purposes_token_is_no_invitation(team, invited, person):
    from ninja_orgkit.accounts import tokens

    invited()
    guest = person("guest")
    account = account_of(guest)
    for token in (tokens.mint_reset(account), tokens.mint_verification(account), guest.access):
        assert _code(_accept(guest, token)) == (400, "invalid_token")


def test_a_body_without_a_token_is_not_valid(person, api):
    guest = person("guest")
    for body in ({}, {"token": None}, {"token": 5}, {"token": "\x00"}, {"token": "x", "role": "owner"}):
        assert guest.api.post("/invitations/accept", body).status_code == 422
        assert api.post("/invitations/decline", body).status_code == 422


def test_an_invitation_is_accepted_once(team, invited, person):
    guest, token = person("guest"), invited()
    assert _accept(guest, token).status_code == 200
    assert _code(_accept(guest, token)) == (400, "invalid_token")
    assert team.owner.api.delete(f"{team.path}members/{guest.slug}/").status_code == 204
    assert _code(_accept(guest, token)) == (400, "invalid_token")
    assert guest.slug not in team.roles()


def test_accepting_as_a_member_changes_no_role_and_makes_no_second_row(team, invited, person):
    guest, token = person("guest"), invited(role="admin")
    Membership.objects.create(organization=team.row, account=account_of(guest), role="viewer")
    response = _accept(guest, token)
    assert (response.status_code, response.json()["role"]) == (200, "viewer")
    assert team.roles()[guest.slug] == "viewer"
    assert Membership.objects.filter(organization=team.row).count() == 2
    assert Invitation.objects.get().status == "accepted"


def test_a_cancelled_or_expired_invitation_is_not_accepted(team, invited, person):
    guest = person("guest")
    token = invited()
    team.owner.api.delete(f"{team.path}invitations/{Invitation.objects.get().pk}/")
    assert _code(_accept(guest, token)) == (400, "invalid_token")
    token = invited()
    Invitation.objects.filter(status="pending").update(expires_at=timezone.now())
    assert _code(_accept(guest, token)) == (400, "invalid_token")
    assert guest.slug not in team.roles()


def test_an_invitation_to_a_deleted_organization_is_not_accepted(team, invited, person, api):
    guest, token = person("guest"), invited()
    team.owner.api.delete(f"{team.path}?confirm=acme")
    assert _code(_accept(guest, token)) == (400, "invalid_token")
    assert _code(api.post("/invitations/decline", {"token": token})) == (400, "invalid_token")


@pytest.mark.parametrize("loss", ["removed", "demoted", "deactivated", "deleted"])
def test_an_invitation_is_void_when_its_sender_lost_the_right(team, invited, person, loss):
    admin, guest = team.member("admin"), person("guest")
    token = invited(by=admin)
    match loss:
        case "removed":
            team.owner.api.delete(f"{team.path}members/{admin.slug}/")
        case "demoted":
            team.owner.api.patch(f"{team.path}members/{admin.slug}/", {"role": "member"})
        case "deactivated":
            get_user_model().objects.filter(username=admin.user["username"]).update(is_active=False)
        case "deleted":
            account_of(admin).user.delete()
    assert _code(_accept(guest, token)) == (400, "invalid_token")
    assert _code(guest.api.post("/invitations/decline", {"token": token})) == (400, "invalid_token")
    assert guest.slug not in team.roles()
    assert team.invite("guest@example.com").status_code == 201


def test_an_invitation_is_void_when_its_sender_could_not_grant_the_role_any_more(team, invited, person):
    second, guest = team.member("owner"), person("guest")
    token = invited(role="owner", by=second)
    team.owner.api.patch(f"{team.path}members/{second.slug}/", {"role": "admin"})
    assert _code(_accept(guest, token)) == (400, "invalid_token")


def test_an_invitation_to_a_role_that_is_gone_is_void(team, invited, person, settings):
    settings.NINJA_ORGKIT = {"ROLES": {"guest": ["org.read"]}}
    guest, token = person("guest"), invited(role="guest")
    settings.NINJA_ORGKIT = {}
    assert _code(_accept(guest, token)) == (400, "invalid_token")


def test_an_invitation_can_be_declined_without_an_account(team, invited, person, api):
    token = invited()
    response = api.post("/invitations/decline", {"token": token})
    assert (response.status_code, response.content) == (204, b"")
    assert Invitation.objects.get().status == "declined"
    assert _code(api.post("/invitations/decline", {"token": token})) == (400, "invalid_token")
    assert _code(_accept(person("guest"), token)) == (400, "invalid_token")
    assert team.invite("guest@example.com").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_accepting_twice_at_once_makes_one_member(team, invited, person):
    guest, token = person("guest"), invited()
    start = threading.Barrier(3)

    def go():
        start.wait()
        try:
            return _accept(guest, token).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        codes = sorted(job.result() for job in [pool.submit(go) for _ in range(3)])
    assert codes == [200, 400, 400]
    assert Membership.objects.filter(organization=team.row).count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_invitation_that_is_accepted_and_withdrawn_at_once_is_one_of_both(team, invited, person):
    guest, token = person("guest"), invited()
    path = f"{team.path}invitations/{Invitation.objects.get().pk}/"
    start = threading.Barrier(2)

    def accept():
        start.wait()
        try:
            return _accept(guest, token).status_code
        finally:
            connection.close()

    def withdraw():
        start.wait()
        try:
            return team.owner.api.delete(path).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        codes = tuple(job.result() for job in [pool.submit(accept), pool.submit(withdraw)])
    assert codes in {(200, 409), (400, 204)}
    assert (guest.slug in team.roles()) == (codes == (200, 409))


def test_registration_joins_by_the_same_service(team, invited, person):
    token = invited()
    with pytest.raises(WrongRecipient):
        invitations.accept(account_of(person("thief")), token)
    account = account_of(person("guest"))
    membership = invitations.accept(account, token)
    assert (membership.organization.slug, membership.role) == ("acme", "member")
    assert account.email_verified_at is not None
    with pytest.raises(InvalidToken):
        invitations.accept(account, token)


def test_whoever_registers_with_an_invitation_joins_at_once_and_is_verified(team, invited, register):
    token = invited("new@example.com", "viewer")
    new = register("New@example.com", invitation=token)
    assert new.user["email_verified"] is True
    assert team.roles()[new.slug] == "viewer"
    assert {item["slug"] for item in new.user["organizations"]} == {"acme", new.org}


def test_registering_with_somebody_elses_invitation_leaves_no_user(team, invited, api):
    body = {"email": "thief@example.com", "password": "correct horse battery", "invitation": invited("new@example.com")}
    assert _code(api.post("/auth/register", body)) == (403, "wrong_recipient")
    assert not get_user_model().objects.filter(email="thief@example.com").exists()
    assert Invitation.objects.get().status == "pending"
