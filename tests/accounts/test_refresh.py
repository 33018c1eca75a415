"""Refresh tokens rotate, tolerate a repeated request for a moment, and end the session when an old one is reused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from ninja_orgkit.accounts.models import Session
from tests.client import Api, Person
from tests.conftest import Register
from tests.parallel import in_parallel

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(register: Register) -> Person:
    return register(email="ann@example.com")


def later(**kwargs: Any) -> None:
    """Move the last refresh of the only session into the past."""
    session = Session.objects.get()
    session.refreshed_at -= timedelta(**kwargs)
    session.save()


def test_a_refresh_token_is_rotated(api: Api, ann: Person) -> None:
    answer = api.post("/token/refresh", {"refresh": ann.refresh})
    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh"}
    assert answer.json()["refresh"] != ann.refresh


def test_reusing_a_token_within_the_grace_returns_the_same_successor(api: Api, ann: Person) -> None:
    first = api.post("/token/refresh", {"refresh": ann.refresh})
    again = api.post("/token/refresh", {"refresh": ann.refresh})
    assert again.json() == first.json()


def test_reusing_a_token_after_the_grace_ends_the_session(api: Api, ann: Person) -> None:
    successor = api.post("/token/refresh", {"refresh": ann.refresh}).json()
    later(seconds=11)
    assert api.post("/token/refresh", {"refresh": ann.refresh}).status_code == 401
    assert api.post("/token/refresh", {"refresh": successor["refresh"]}).status_code == 401
    assert api.as_user(successor["access"]).get("/users/me").status_code == 401


def test_a_token_from_two_generations_ago_is_refused_without_effect_within_the_grace(api: Api, ann: Person) -> None:
    second = api.post("/token/refresh", {"refresh": ann.refresh}).json()
    third = api.post("/token/refresh", {"refresh": second["refresh"]}).json()
    assert api.post("/token/refresh", {"refresh": ann.refresh}).status_code == 401
    assert api.post("/token/verify", {"token": third["refresh"]}).status_code == 200


def test_a_token_from_two_generations_ago_ends_the_session_after_the_grace(api: Api, ann: Person) -> None:
    second = api.post("/token/refresh", {"refresh": ann.refresh}).json()
    third = api.post("/token/refresh", {"refresh": second["refresh"]}).json()
    later(seconds=11)
    assert api.post("/token/refresh", {"refresh": ann.refresh}).status_code == 401
    assert api.post("/token/verify", {"token": third["refresh"]}).status_code == 401


def test_an_access_token_cannot_refresh_and_remains_valid(api: Api, ann: Person) -> None:
    answer = api.post("/token/refresh", {"refresh": ann.access})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert ann.api.get("/users/me").status_code == 200


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "x" * 10_000, "é.é.é"])
def test_an_invalid_token_is_refused(api: Api, ann: Person, token: str) -> None:
    assert api.post("/token/refresh", {"refresh": token}).status_code == 401
    assert api.post("/token/verify", {"token": token}).status_code == 401
    assert api.as_user(token).get("/users/me").status_code == 401


def test_a_lone_surrogate_in_a_token_is_bad_input(api: Api, ann: Person) -> None:
    body = b'{"refresh": "\\ud800"}'
    assert api.send("POST", "/token/refresh", body, content_type="application/json").status_code == 422


def test_a_session_ends_when_it_is_idle_or_reaches_its_maximum_age(api: Api, ann: Person) -> None:
    Session.objects.update(created_at=timezone.now() - timedelta(days=89))
    fresh = api.post("/token/refresh", {"refresh": ann.refresh}).json()["refresh"]
    session = Session.objects.get()
    assert session.expires_at - timezone.now() < timedelta(days=1, seconds=1)
    Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert api.post("/token/refresh", {"refresh": fresh}).status_code == 401


def test_inactive_and_deleted_users_cannot_refresh_or_verify(
    api: Api, ann: Person, django_user_model: type[User]
) -> None:
    django_user_model.objects.update(is_active=False)
    assert api.post("/token/refresh", {"refresh": ann.refresh}).status_code == 401
    assert api.post("/token/verify", {"token": ann.access}).status_code == 401
    django_user_model.objects.all().delete()
    assert api.post("/token/refresh", {"refresh": ann.refresh}).status_code == 401


def test_a_new_password_set_anywhere_ends_the_sessions(api: Api, ann: Person, django_user_model: type[User]) -> None:
    user = django_user_model.objects.get()
    user.set_password("set-in-the-Admin-9")
    user.save()
    assert api.post("/token/refresh", {"refresh": ann.refresh}).status_code == 401
    assert ann.api.get("/users/me").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_concurrent_refreshes_get_the_same_successor(api: Api, ann: Person) -> None:
    answers = in_parallel(8, lambda _: api.post("/token/refresh", {"refresh": ann.refresh}))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh"] for answer in answers}) == 1
    assert Session.objects.get().gen == 1
