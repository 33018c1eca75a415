"""Registration: a user, an account and a personal organization at once, or nothing."""

from __future__ import annotations

import pytest

from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations.models import Organization
from tests.parallel import in_parallel

pytestmark = pytest.mark.django_db

PASSWORD = "sturdy-Pass-1"
ANN = {"email": "ann@example.com", "password": PASSWORD}
FIELDS = {
    "slug", "username", "email", "email_verified", "first_name", "last_name", "display_name", "location", "about",
    "avatar_url", "avatar_large_url", "preferred_language", "preferred_theme", "timezone", "notification_preferences",
    "finished_onboarding", "custom", "organizations", "created_at",
}  # fmt: skip


def test_registering_gives_tokens_a_profile_and_a_personal_organization(api):
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


def test_a_username_is_made_of_the_address_when_none_is_given(api):
    first = api.post("/auth/register", {"email": "ann@example.com", "password": PASSWORD}).json()["user"]
    second = api.post("/auth/register", {"email": "ann@example.org", "password": PASSWORD}).json()["user"]
    assert first["username"] == "ann"
    assert second["username"].startswith("ann-")


def test_a_taken_address_and_a_taken_username_are_conflicts_in_any_spelling(api):
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
        {"is_staff": True},
    ],
)
def test_bad_input_is_refused_and_leaves_nothing(api, change):
    answer = api.post("/auth/register", {**ANN, **change})
    assert answer.status_code == 422
    assert not Account.objects.exists()
    assert not Organization.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_names_are_stripped_and_normalised(api):
    user = api.post("/auth/register", {**ANN, "first_name": "  Ame\u0301lie "}).json()["user"]
    assert user["first_name"] == "Am\u00e9lie"


def test_an_invalid_invitation_leaves_nothing(api):
    answer = api.post("/auth/register", {**ANN, "invitation": "x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_token")
    assert not Account.objects.exists()


def test_without_verification_no_mail_is_sent(api, settings):
    settings.NINJA_ORGKIT = {"EMAIL_VERIFICATION": "none"}
    assert api.post("/auth/register", ANN).status_code == 201
    assert not OutboxMessage.objects.exists()


class TestWhereVerificationIsMandatory:
    """Nobody learns whether an address is known; its owner does."""

    @pytest.fixture(autouse=True)
    def mandatory(self, settings):
        settings.NINJA_ORGKIT = {"EMAIL_VERIFICATION": "mandatory"}

    def test_known_and_unknown_addresses_get_the_same_answer_and_one_mail_each(self, api, run_outbox, mailbox):
        unknown = api.post("/auth/register", ANN)
        known = api.post("/auth/register", {**ANN, "password": "another-Pass-2"})
        assert (unknown.status_code, known.status_code) == (202, 202)
        assert unknown.content == known.content
        assert not Session.objects.exists()
        run_outbox()
        assert [mail.to for mail in mailbox] == [["ann@example.com"], ["ann@example.com"]]
        assert mailbox[0].subject != mailbox[1].subject

    def test_a_second_registration_does_not_change_the_password(self, api, run_outbox):
        api.post("/auth/register", ANN)
        api.post("/auth/register", {**ANN, "password": "another-Pass-2"})
        assert Account.objects.get().user.check_password(PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_many_registrations_of_one_address_at_once_make_one_account(api):
    answers = in_parallel(6, lambda _: api.post("/auth/register", ANN).status_code)
    assert sorted(answers) == [201, 409, 409, 409, 409, 409]
    assert Account.objects.count() == Organization.objects.count() == 1
