"""Accepting and declining invitations."""

from __future__ import annotations

from typing import Any, Protocol

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from pytest_django import Settings

from ninja_orgkit.accounts import tokens
from ninja_orgkit.errors import InvalidLink
from ninja_orgkit.organizations.errors import WrongRecipient
from ninja_orgkit.organizations.models import Invitation, Membership
from ninja_orgkit.organizations.services import answers
from tests.client import Api, Person
from tests.conftest import Mailbox, Register, RunOutbox
from tests.mails import token_in
from tests.org import MakePerson, Org, account_of
from tests.organizations.actions import invite, roles_in
from tests.parallel import in_parallel


class Invite(Protocol):
    """The ``invited`` fixture: invites an address and returns the token of the mail."""

    def __call__(self, email: str = "guest@example.com", role: str = "member", *, by: Person | None = None) -> str:
        """Invite an address; the owner does it, unless told otherwise."""


@pytest.fixture
def invited(org: Org, run_outbox: RunOutbox, mailbox: Mailbox) -> Invite:
    def _invite(email: str = "guest@example.com", role: str = "member", *, by: Person | None = None) -> str:
        response = invite(org, email, role, by=by)
        assert response.status_code == 201, response.content
        run_outbox()
        return token_in(mailbox[-1])

    return _invite


def _accept(person: Person, token: str) -> Any:
    return person.api.post("/invitations/accept", {"token": token})


def _code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json().get("code")


def test_accepting_an_invitation_joins_with_the_invited_role(
    org: Org, invited: Invite, make_person: MakePerson
) -> None:
    guest = make_person("guest")
    response = _accept(guest, invited(role="admin"))
    assert response.status_code == 200
    body = response.json()
    assert (body["slug"], body["role"]) == ("acme", "admin")
    assert "members.manage" in body["permissions"]
    assert response["ETag"] == guest.api.get(org.path)["ETag"]
    assert roles_in(org)[guest.slug] == "admin"
    assert Invitation.objects.get().status == "accepted"
    assert guest.api.get(org.path).json()["role"] == "admin"


def test_an_invitation_matches_any_spelling_of_the_address(org: Org, invited: Invite, make_person: MakePerson) -> None:
    guest = make_person("guest", email="Guest@Example.COM")
    assert _accept(guest, invited("gUEST@example.com")).status_code == 200


def test_accepting_an_invitation_verifies_the_address(org: Org, invited: Invite, make_person: MakePerson) -> None:
    guest = make_person("guest")
    assert account_of(guest).email_verified_at is None
    _accept(guest, invited())
    assert account_of(guest).email_verified_at is not None


def test_only_the_invited_address_can_accept(org: Org, invited: Invite, make_person: MakePerson) -> None:
    thief = make_person("thief")
    token = invited()
    assert _code(_accept(thief, token)) == (403, "wrong_recipient")
    assert account_of(thief).email_verified_at is None
    assert roles_in(org) == {org.owner.slug: "owner"}
    assert _accept(make_person("guest"), token).status_code == 200


def test_accepting_needs_the_token_of_the_mail(org: Org, invited: Invite, make_person: MakePerson) -> None:
    invited()
    impostor = make_person("guest")
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
    assert roles_in(org) == {org.owner.slug: "owner"}


def test_a_token_for_another_purpose_is_not_an_invitation(org: Org, invited: Invite, make_person: MakePerson) -> None:
    invited()
    guest = make_person("guest")
    account = account_of(guest)
    for token in (tokens.mint_reset(account), tokens.mint_verification(account), guest.access):
        assert _code(_accept(guest, token)) == (400, "invalid_token")


def test_a_body_without_a_valid_token_is_a_validation_error(make_person: MakePerson, api: Api) -> None:
    guest = make_person("guest")
    for body in ({}, {"token": None}, {"token": 5}, {"token": "\x00"}, {"token": "x", "role": "owner"}):
        assert guest.api.post("/invitations/accept", body).status_code == 422
        assert api.post("/invitations/decline", body).status_code == 422


def test_accepting_again_works_for_the_same_account_while_its_membership_lasts(
    org: Org, invited: Invite, make_person: MakePerson
) -> None:
    guest, token = make_person("guest"), invited()
    first = _accept(guest, token)
    org.api.patch(f"{org.path}members/{guest.slug}/", {"role": "viewer"})
    again = _accept(guest, token)
    assert (first.status_code, again.status_code, again.json()["role"]) == (200, 200, "viewer")
    assert org.api.delete(f"{org.path}members/{guest.slug}/").status_code == 204
    assert _code(_accept(guest, token)) == (400, "invalid_token")
    assert guest.slug not in roles_in(org)


def test_accepting_again_after_joining_anew_is_refused(org: Org, invited: Invite, make_person: MakePerson) -> None:
    guest, token = make_person("guest"), invited()
    assert _accept(guest, token).status_code == 200
    org.api.delete(f"{org.path}members/{guest.slug}/")
    newer = invited()
    assert _accept(guest, newer).status_code == 200
    assert _code(_accept(guest, token)) == (400, "invalid_token")
    assert _accept(guest, newer).status_code == 200


def test_an_invitation_spent_by_somebody_else_is_void_for_whatever_address(
    org: Org, invited: Invite, make_person: MakePerson, api: Api
) -> None:
    guest, thief, token = make_person("guest"), make_person("thief"), invited()
    assert _accept(guest, token).status_code == 200
    assert _code(_accept(thief, token)) == (400, "invalid_token")
    get_user_model().objects.get(username="guest").delete()
    heir = make_person("heir", email="guest@example.com")
    assert _code(_accept(heir, token)) == (400, "invalid_token")
    for email in ("guest@example.com", "new@example.com"):
        body = {"email": email, "password": "correct horse battery", "invitation": token}
        assert api.post("/auth/register", body).status_code in (400, 409)
    assert roles_in(org) == {org.owner.slug: "owner"}


def test_accepting_as_a_member_does_not_change_the_role(org: Org, invited: Invite, make_person: MakePerson) -> None:
    guest, token = make_person("guest"), invited(role="admin")
    org.join(guest, "viewer")
    response = _accept(guest, token)
    assert (response.status_code, response.json()["role"]) == (200, "viewer")
    assert roles_in(org)[guest.slug] == "viewer"
    assert Membership.objects.filter(organization=org.row).count() == 2
    assert Invitation.objects.get().status == "accepted"


def test_a_cancelled_or_expired_invitation_is_not_accepted(org: Org, invited: Invite, make_person: MakePerson) -> None:
    guest = make_person("guest")
    token = invited()
    org.api.delete(f"{org.path}invitations/{Invitation.objects.get().pk}/")
    assert _code(_accept(guest, token)) == (400, "invalid_token")
    token = invited()
    Invitation.objects.filter(status="pending").update(expires_at=timezone.now())
    assert _code(_accept(guest, token)) == (400, "invalid_token")
    assert guest.slug not in roles_in(org)


def test_an_invitation_to_a_deleted_organization_is_not_accepted(
    org: Org, invited: Invite, make_person: MakePerson, api: Api
) -> None:
    guest, token = make_person("guest"), invited()
    org.api.delete(f"{org.path}?confirm=acme")
    assert _code(_accept(guest, token)) == (400, "invalid_token")
    assert _code(api.post("/invitations/decline", {"token": token})) == (400, "invalid_token")


@pytest.mark.parametrize("loss", ["removed", "demoted", "deactivated", "deleted"])
def test_an_invitation_is_void_once_its_sender_may_not_invite(
    org: Org, invited: Invite, make_person: MakePerson, loss: str
) -> None:
    admin, guest = org.add_member("admin"), make_person("guest")
    token = invited(by=admin)
    match loss:
        case "removed":
            org.api.delete(f"{org.path}members/{admin.slug}/")
        case "demoted":
            org.api.patch(f"{org.path}members/{admin.slug}/", {"role": "member"})
        case "deactivated":
            get_user_model().objects.filter(username=admin.user["username"]).update(is_active=False)
        case "deleted":
            account_of(admin).user.delete()
    assert _code(_accept(guest, token)) == (400, "invalid_token")
    assert _code(guest.api.post("/invitations/decline", {"token": token})) == (400, "invalid_token")
    assert guest.slug not in roles_in(org)
    assert invite(org, "guest@example.com").status_code == 201


def test_an_invitation_is_void_once_its_sender_could_not_grant_the_role(
    org: Org, invited: Invite, make_person: MakePerson
) -> None:
    second, guest = org.add_member("owner"), make_person("guest")
    token = invited(role="owner", by=second)
    org.api.patch(f"{org.path}members/{second.slug}/", {"role": "admin"})
    assert _code(_accept(guest, token)) == (400, "invalid_token")


def test_an_invitation_to_a_role_that_no_longer_exists_is_void(
    org: Org, invited: Invite, make_person: MakePerson, settings: Settings
) -> None:
    settings.NINJA_ORGKIT = {"ROLES": {"guest": ["org.read"]}}
    guest, token = make_person("guest"), invited(role="guest")
    settings.NINJA_ORGKIT = {}
    assert _code(_accept(guest, token)) == (400, "invalid_token")


def test_an_invitation_can_be_declined_without_an_account(
    org: Org, invited: Invite, make_person: MakePerson, api: Api
) -> None:
    token = invited()
    response = api.post("/invitations/decline", {"token": token})
    assert (response.status_code, response.content) == (204, b"")
    assert Invitation.objects.get().status == "declined"
    assert _code(api.post("/invitations/decline", {"token": token})) == (400, "invalid_token")
    assert _code(_accept(make_person("guest"), token)) == (400, "invalid_token")
    assert invite(org, "guest@example.com").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_accepting_concurrently_makes_one_member(org: Org, invited: Invite, make_person: MakePerson) -> None:
    guest, token = make_person("guest"), invited()
    codes = in_parallel(3, lambda number: _accept(guest, token).status_code)
    assert codes == [200, 200, 200]
    assert Membership.objects.filter(organization=org.row).count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_invitation_accepted_and_withdrawn_at_once_ends_up_as_one_of_the_two(
    org: Org, invited: Invite, make_person: MakePerson
) -> None:
    guest, token = make_person("guest"), invited()
    path = f"{org.path}invitations/{Invitation.objects.get().pk}/"

    def act(number: int) -> Any:
        return _accept(guest, token) if number else org.api.delete(path)

    withdrawn, accepted = in_parallel(2, act)
    codes = accepted.status_code, withdrawn.status_code
    assert codes in {(200, 409), (400, 204)}
    assert (guest.slug in roles_in(org)) == (codes == (200, 409))


def test_the_accept_service_checks_the_recipient_and_joins_once(
    org: Org, invited: Invite, make_person: MakePerson
) -> None:
    token = invited()
    with pytest.raises(WrongRecipient):
        answers.accept(account_of(make_person("thief")), token)
    account = account_of(make_person("guest"))
    membership = answers.accept(account, token)
    assert (membership.organization.slug, membership.role) == ("acme", "member")
    assert account.email_verified_at is not None
    assert answers.accept(account, token) == membership
    membership.delete()
    with pytest.raises(InvalidLink):
        answers.accept(account, token)


def test_registering_with_an_invitation_joins_and_verifies_at_once(
    org: Org, invited: Invite, register: Register
) -> None:
    token = invited("new@example.com", "viewer")
    new = register("New@example.com", invitation=token)
    assert new.user["email_verified"] is True
    assert roles_in(org)[new.slug] == "viewer"
    assert {item["slug"] for item in new.user["organizations"]} == {"acme", new.org}


def test_registering_with_somebody_elses_invitation_creates_no_user(org: Org, invited: Invite, api: Api) -> None:
    body = {"email": "thief@example.com", "password": "correct horse battery", "invitation": invited("new@example.com")}
    assert _code(api.post("/auth/register", body)) == (403, "wrong_recipient")
    assert not get_user_model().objects.filter(email="thief@example.com").exists()
    assert Invitation.objects.get().status == "pending"
