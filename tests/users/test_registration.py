"""Registration creates a user, an account and a personal organization, or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django import Settings

from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations.models import Organization
from tests.client import Api
from tests.conftest import Mailbox, Register, RunOutbox
from tests.mails import link_of
from tests.parallel import in_parallel

pytestmark = pytest.mark.django_db

PASSWORD = "sturdy-Pass-1"
ANN = {"email": "ann@example.com", "password": PASSWORD}
FIELDS = {
    "slug", "username", "email", "email_verified", "first_name", "last_name", "display_name", "location", "about",
    "avatar_url", "avatar_large_url", "preferred_language", "preferred_theme", "timezone", "notification_preferences",
    "finished_onboarding", "custom", "organizations", "created_at",
}  # fmt: skip


def test_registering_gives_tokens_a_profile_and_a_personal_organization(api: Api) -> None:
    answer = api.post("/auth/register", {**ANN, "username": "Ann", "first_name": "Ann", "last_name": "Lee"})
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"access", "refresh", "user"}
    assert set(body["user"]) == FIELDS
    (home,) = body["user"]["organizations"]
    assert (home["type"], home["role"]) == ("personal", "owner")
    assert body["user"]["display_name"] == ""
    assert body["user"]["created_at"].endswith("Z")
    assert api.as_user(body["access"]).get("/users/me").json() == body["user"]


def test_a_missing_username_is_made_of_the_address(api: Api) -> None:
    first = api.post("/auth/register", {"email": "ann@example.com", "password": PASSWORD}).json()["user"]
    second = api.post("/auth/register", {"email": "ann@example.org", "password": PASSWORD}).json()["user"]
    assert first["username"] == "ann"
    assert second["username"].startswith("ann-")


def test_a_taken_address_and_a_taken_username_are_conflicts_in_any_spelling(api: Api) -> None:
    api.post("/auth/register", {**ANN, "username": "ann.lee"})
    address = api.post("/auth/register", {"email": "ANN@EXAMPLE.com", "password": PASSWORD, "username": "other"})
    username = api.post("/auth/register", {"email": "b@example.com", "password": PASSWORD, "username": "Ann_Lee"})
    assert (address.status_code, address.json()["code"]) == (409, "email_taken")
    assert (username.status_code, username.json()["code"]) == (409, "username_taken")
    assert Account.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"email": "no address"},
        {"email": None},
        {"email": "ann\ud800@example.com"},
        {"password": "short"},
        {"password": "password"},
        {"password": 12345678},
        {"password": "sturdy\x00Pass-1"},
        {"username": "a"},
        {"username": "admin"},
        {"username": "Ad.Min"},
        {"username": "with space"},
        {"username": "naïve"},
        {"first_name": "x" * 151},
        {"first_name": "Ann\nLee"},
        {"username": "..."},
        {"username": "x" * 31},
        {"email": "a\nBcc: b@example.com"},
        {"last_name": "Lee\r\nBcc: x@example.com"},
        {"invitation": 5},
        {"is_staff": True},
    ],
)
def test_invalid_input_is_refused_and_leaves_nothing(api: Api, change: Any) -> None:
    answer = api.post("/auth/register", {**ANN, **change})
    assert answer.status_code == 422
    assert not Account.objects.exists()
    assert not Organization.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_addresses_and_names_of_users_without_an_account_are_taken_too(api: Api, django_user_model: type[User]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX host_email ON auth_user (email)")
    django_user_model.objects.bulk_create([django_user_model(username="old", email="ann@example.com")])
    address = api.post("/auth/register", {**ANN, "username": "new"})
    username = api.post("/auth/register", {**ANN, "email": "new@example.com", "username": "old"})
    assert (address.status_code, address.json()["code"]) == (409, "email_taken")
    assert (username.status_code, username.json()["code"]) == (409, "username_taken")
    assert not Account.objects.exists()


def test_a_weak_password_is_refused_with_reasons(api: Api) -> None:
    answer = api.post("/auth/register", {**ANN, "password": "12345678"})
    assert (answer.status_code, answer.json()["code"]) == (422, "weak_password")
    assert {(*error["loc"], error["type"]) for error in answer.json()["errors"]} == {
        ("body", "password", "weak_password")
    }
    assert len(answer.json()["errors"]) == 2
    assert "12345678" not in answer.content.decode()


def test_a_setting_allows_usernames_in_other_scripts(api: Api, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"USERNAME_PATTERN": r"[\w.-]+"}
    body = {**ANN, "username": "Zo\u00eb.\u0416\u0443\u043a"}
    user = api.post("/auth/register", body).json()["user"]
    assert user["username"] == "Zo\u00eb.\u0416\u0443\u043a"
    login = {"username": "ZOE\u0308\u0416\u0423\u041a", "password": PASSWORD}
    assert api.post("/token/pair", login).json()["user"]["slug"] == user["slug"]
    taken = api.get("/users/check_username", username="zo\u00eb\u0436\u0443\u043a").json()
    assert (taken["available"], taken["reason"]) == (False, "taken")


def test_names_are_stripped_and_normalised(api: Api) -> None:
    user = api.post("/auth/register", {**ANN, "first_name": "  Ame\u0301lie "}).json()["user"]
    assert user["first_name"] == "Am\u00e9lie"


def test_an_invalid_invitation_leaves_nothing(api: Api) -> None:
    answer = api.post("/auth/register", {**ANN, "invitation": "x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_token")
    assert not Account.objects.exists()


def test_without_verification_no_mail_is_sent(api: Api, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"EMAIL_VERIFICATION": "none"}
    assert api.post("/auth/register", ANN).status_code == 201
    assert not OutboxMessage.objects.exists()


class TestWhereVerificationIsMandatory:
    """Only the owner of an address learns whether it is registered."""

    @pytest.fixture(autouse=True)
    def mandatory(self, settings: Settings) -> None:
        settings.NINJA_ORGKIT = {"EMAIL_VERIFICATION": "mandatory"}

    def test_known_and_unknown_addresses_get_the_same_answer_and_one_mail(
        self, api: Api, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        unknown = api.post("/auth/register", ANN)
        known = api.post("/auth/register", {**ANN, "password": "another-Pass-2"})
        assert (unknown.status_code, known.status_code) == (202, 202)
        assert unknown.content == known.content
        assert not Session.objects.exists()
        run_outbox()
        assert [mail.to for mail in mailbox] == [["ann@example.com"], ["ann@example.com"]]
        assert mailbox[0].subject != mailbox[1].subject

    @pytest.fixture
    def invitation(self, register: Register, settings: Settings, run_outbox: RunOutbox, mailbox: Mailbox) -> str:
        """Return the token of an invitation to ann@example.com."""
        settings.NINJA_ORGKIT = {}
        host = register(email="host@example.com")
        slug = host.api.post("/orgs/", {"name": "Acme"}).json()["slug"]
        host.api.post(f"/orgs/{slug}/invitations/", {"email": "ann@example.com", "role": "member"})
        run_outbox()
        token = link_of(mailbox[-1])[1]
        mailbox.clear()
        settings.NINJA_ORGKIT = {"EMAIL_VERIFICATION": "mandatory"}
        return token

    @pytest.mark.parametrize(("body", "status"), [({}, 400), ({"email": "bob@example.com"}, 403)])
    def test_a_bad_invitation_is_refused_for_known_and_unknown_addresses_alike(
        self, api: Api, invitation: str, body: Any, status: int
    ) -> None:
        body = {**ANN, "invitation": invitation if body else "x", **body}
        unknown = api.post("/auth/register", body)
        api.post("/auth/register", {**ANN, "email": body["email"]})
        known = api.post("/auth/register", body)
        assert unknown.status_code == known.status_code == status
        assert unknown.content == known.content
        assert Account.objects.filter(email=body["email"]).count() == 1

    def test_a_known_address_does_not_join_by_registering_again(
        self, api: Api, invitation: str, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        api.post("/auth/register", ANN)
        answer = api.post("/auth/register", {**ANN, "password": "another-Pass-2", "invitation": invitation})
        assert answer.status_code == 202
        run_outbox()
        assert [mail.to for mail in mailbox] == [["ann@example.com"], ["ann@example.com"]]
        assert Account.objects.get(email="ann@example.com").memberships.count() == 1

    def test_registering_with_an_invitation_verifies_the_address_and_sends_a_mail(
        self, api: Api, invitation: str, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        plain = api.post("/auth/register", {**ANN, "email": "other@example.com"})
        invited = api.post("/auth/register", {**ANN, "invitation": invitation})
        assert (invited.status_code, invited.content) == (202, plain.content)
        run_outbox()
        (mail,) = [mail for mail in mailbox if mail.to == ["ann@example.com"]]
        assert "sign in" in mail.body
        assert "token=" not in mail.body
        me = api.as_user(api.post("/token/pair", ANN).json()["access"]).get("/users/me").json()
        assert me["email_verified"] is True
        assert {home["name"] for home in me["organizations"]} == {"ann", "Acme"}

    def test_a_weak_password_and_a_taken_username_are_refused_for_known_and_unknown_addresses_alike(
        self, api: Api
    ) -> None:
        api.post("/auth/register", {**ANN, "username": "ann"})
        for change, status in ({"password": "password"}, 422), ({"username": "a.n.n"}, 409), ({"username": "me"}, 422):
            known, unknown = [
                api.post("/auth/register", {**ANN, "email": email, **change})
                for email in ("ann@example.com", "nobody@example.com")
            ]
            assert known.status_code == unknown.status_code == status
            assert known.content == unknown.content

    def test_signing_in_needs_the_link_of_the_mail_or_a_reset(
        self, api: Api, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        api.post("/auth/register", ANN)
        refused = api.post("/token/pair", ANN)
        assert (refused.status_code, refused.json()["code"]) == (401, "email_not_verified")
        run_outbox()
        assert api.get("/auth/email/verify", token=link_of(mailbox[0])[1]).status_code == 200
        assert api.post("/token/pair", ANN).status_code == 200

    def test_the_owner_of_an_address_can_sign_in_after_a_reset(
        self, api: Api, run_outbox: RunOutbox, mailbox: Mailbox
    ) -> None:
        """Somebody else registered the address before, and must be signed out by the reset."""
        api.post("/auth/register", {**ANN, "password": "squatter-Pass-9"})
        api.post("/auth/register", ANN)
        run_outbox()
        body = {"token": link_of(mailbox[-1])[1], "new_password": PASSWORD}
        assert api.post("/auth/password-reset/confirm", body).status_code == 200
        assert api.post("/token/pair", ANN).status_code == 200
        assert api.post("/token/pair", {**ANN, "password": "squatter-Pass-9"}).status_code == 401

    def test_a_second_registration_does_not_change_the_password(self, api: Api, run_outbox: RunOutbox) -> None:
        api.post("/auth/register", ANN)
        api.post("/auth/register", {**ANN, "password": "another-Pass-2"})
        assert Account.objects.get().user.check_password(PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_concurrent_registrations_of_one_address_make_one_account(api: Api) -> None:
    answers = in_parallel(6, lambda _: api.post("/auth/register", ANN).status_code)
    assert sorted(answers) == [201, 409, 409, 409, 409, 409]
    assert Account.objects.count() == Organization.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_registrations_get_the_same_answer_where_verification_is_mandatory(
    api: Api, settings: Settings
) -> None:
    settings.NINJA_ORGKIT = {"EMAIL_VERIFICATION": "mandatory"}
    answers = in_parallel(4, lambda _: api.post("/auth/register", ANN))
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, answers[0].content)}
    assert Account.objects.count() == Organization.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_registrations_of_one_username_make_one_account(api: Api) -> None:
    def act(number: int) -> Any:
        body = {**ANN, "email": f"ann{number}@example.com", "username": ["Ann.Lee", "annlee"][number % 2]}
        return api.post("/auth/register", body).status_code

    assert sorted(in_parallel(4, act)) == [201, 409, 409, 409]
    assert Account.objects.count() == Organization.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_registrations_with_similar_addresses_get_different_usernames(api: Api) -> None:
    answers = in_parallel(4, lambda number: api.post("/auth/register", {**ANN, "email": f"ann@example{number}.com"}))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["user"]["username"] for answer in answers}) == 4
