"""Registration creates a user, an account and a personal organization, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.users.services import registration
from tests.client import Api
from tests.conftest import Mailbox, RunOutbox
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


def test_a_username_and_slugs_that_the_kit_makes_up_tell_nothing_of_the_address(api: Api) -> None:
    for address in ("annabel@lighthouse.example", "annabel@sea.example"):
        user = api.post("/auth/register", {"email": address, "password": PASSWORD}).json()["user"]
        assert api.get("/users/check_username", username=user["username"]).json()["reason"] == "taken"
        shown = json.dumps({**user, "email": ""})
        assert not [part for part in ("annabel", "lighthouse", "sea.", "example") if part in shown]


def test_a_slug_tells_nothing_of_an_address_that_is_the_username(django_user_model: type[User]) -> None:
    user = django_user_model.objects.create_user("annabel@lighthouse.example", "annabel@lighthouse.example")
    account = Account.objects.get(user=user)
    assert "annabel" not in account.slug
    assert "annabel" not in Organization.objects.get(personal_of=account).slug


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


@pytest.mark.usefixtures("unique_host_email")
def test_addresses_and_names_of_users_without_an_account_are_taken_too(api: Api, django_user_model: type[User]) -> None:
    django_user_model.objects.bulk_create([django_user_model(username="old", email="ann@example.com")])
    address = api.post("/auth/register", {**ANN, "username": "new"})
    username = api.post("/auth/register", {**ANN, "email": "new@example.com", "username": "old"})
    assert (address.status_code, address.json()["code"]) == (409, "email_taken")
    assert (username.status_code, username.json()["code"]) == (409, "username_taken")
    assert not Account.objects.exists()


@pytest.mark.parametrize("password", [" " * 12, "\u200b" * 8, "\u3164\u2800" * 4, "\t\n \u00ad" * 3])
def test_a_password_without_a_visible_character_is_weak(api: Api, db: None, settings: Settings, password: str) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = []
    answer = api.post("/auth/register", {"email": "ada@example.com", "password": password})
    assert (answer.status_code, answer.json()["code"]) == (422, "weak_password")
    assert answer.json()["errors"][0]["loc"] == ["body", "password"]


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


@pytest.mark.django_db(transaction=True)
def test_concurrent_registrations_of_one_address_make_one_account(api: Api) -> None:
    answers = in_parallel(6, lambda _: api.post("/auth/register", ANN).status_code)
    assert sorted(answers) == [201, 409, 409, 409, 409, 409]
    assert Account.objects.count() == Organization.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_registrations_get_the_same_answer_where_verification_is_mandatory(
    api: Api, settings: Settings, run_outbox: RunOutbox, mailbox: Mailbox
) -> None:
    settings.NINJA_ORGKIT = {"EMAIL_VERIFICATION": "mandatory"}
    answers = in_parallel(4, lambda _: api.post("/auth/register", ANN))
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, answers[0].content)}
    keys = [message.kwargs["registration"] for message in OutboxMessage.objects.all()]
    in_parallel(8, lambda number: registration.complete(keys[number // 2]))
    run_outbox()
    assert len(mailbox) == 4
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
