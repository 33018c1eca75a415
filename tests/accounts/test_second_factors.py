"""An app that manages second factors keeps a password alone from signing in."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.signals import user_logged_in, user_login_failed
from pytest_django import Settings

from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.accounts.services import second_factors
from tests.client import Api, Person
from tests.conftest import Register

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(register: Register) -> Person:
    return register(email="ann@example.com")


@pytest.fixture
def needing_more(monkeypatch: pytest.MonkeyPatch) -> set[Any]:
    """Return the set of keys of users who need a second factor."""
    found: set[Any] = set()
    monkeypatch.setattr(second_factors, "_asked", [])
    for answer in (lambda user: False, lambda user: user.pk in found):
        second_factors.ask_for_second_factors(answer)
    return found


def _sign_in(api: Api, ann: Person, password: str | None = None) -> Any:
    return api.post("/token/pair", {"email": ann.email, "password": password or ann.password})


def test_the_right_password_is_not_enough_for_who_needs_a_second_factor(
    api: Api, ann: Person, needing_more: set[Any]
) -> None:
    assert _sign_in(api, ann).status_code == 200
    sessions = Session.objects.count()
    heard: list[Any] = []

    def hear(sender: Any, signal: Any, **_: Any) -> None:
        heard.append(signal)

    needing_more.add(Account.objects.get().pk)
    user_logged_in.connect(hear)
    user_login_failed.connect(hear)
    try:
        answer = _sign_in(api, ann)
    finally:
        user_logged_in.disconnect(hear)
        user_login_failed.disconnect(hear)
    assert (answer.status_code, answer.json()["code"]) == (401, "mfa_required")
    assert answer["WWW-Authenticate"] == "Bearer"
    assert (heard, Session.objects.count()) == ([user_login_failed], sessions)
    needing_more.clear()
    assert _sign_in(api, ann).status_code == 200


def test_only_the_right_password_tells_that_a_second_factor_is_needed(
    api: Api, ann: Person, needing_more: set[Any]
) -> None:
    needing_more.add(Account.objects.get().pk)
    assert _sign_in(api, ann, "wrong").json()["code"] == "invalid_credentials"


def test_an_address_has_to_be_verified_before_a_second_factor_is_asked_for(
    api: Api, ann: Person, needing_more: set[Any], settings: Settings
) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "EMAIL_VERIFICATION": "mandatory"}
    needing_more.add(Account.objects.get().pk)
    assert _sign_in(api, ann).json()["code"] == "email_not_verified"


def test_a_session_goes_on_when_a_second_factor_is_added(api: Api, ann: Person, needing_more: set[Any]) -> None:
    needing_more.add(Account.objects.get().pk)
    assert ann.api.get("/users/me").status_code == 200
    assert api.post("/token/refresh", {"refresh": ann.refresh}).status_code == 200
