"""Signing in asks Django everything that Django offers: its backends, its signals and its usernames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from pytest_django import Settings

from tests.client import Api, Person
from tests.conftest import CountQueries, Register

pytestmark = pytest.mark.django_db

PASSWORD = "sturdy-Pass-1"
ADDRESS = "ann@example.com"

Heard = list[tuple[str, str, str]]


class Bouncer(ModelBackend):
    """Refuses whoever comes with a certain header, before any other backend is asked."""

    def authenticate(self, request: HttpRequest | None, *args: Any, **kwargs: Any) -> Any:
        """Refuse by the request."""
        assert request is not None
        if "X-Suspicious" in request.headers:
            raise PermissionDenied


class LetsAnybodyIn(ModelBackend):
    """Lets inactive users in, as AllowAllUsersModelBackend does."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Allow everybody."""
        return True


@pytest.fixture
def ann(register: Register) -> Person:
    return register(email=ADDRESS, username="ann", password=PASSWORD)


@pytest.fixture
def heard() -> Iterator[Heard]:
    """Record the signals: which one, the path of its request, and who."""
    record: Heard = []

    def hear(name: str) -> Any:
        def receive(sender: Any, request: Any, user: Any = None, credentials: Any = None, **_: Any) -> None:
            assert PASSWORD not in (credentials or {}).values()
            record.append((name, request.path, user.get_username() if user else credentials["username"]))

        return receive

    receivers = {signal: hear(name) for signal, name in _SIGNALS.items()}
    for signal, receive in receivers.items():
        signal.connect(receive)
    yield record
    for signal, receive in receivers.items():
        signal.disconnect(receive)


_SIGNALS = {user_logged_in: "in", user_logged_out: "out", user_login_failed: "failed"}


def _sign_in(api: Api, **login: str) -> Any:
    return api.post("/token/pair", {"password": PASSWORD, **login})


@pytest.mark.parametrize("name", ["ada@work", "bob@example.com", "Eve@Example.com"])
@pytest.mark.parametrize("field", ["username", "email"])
def test_a_username_with_an_at_sign_signs_in(api: Api, django_user_model: type[User], name: str, field: str) -> None:
    django_user_model.objects.create_user(name, email="", password=PASSWORD)
    for spelling in (name, name.upper(), name.replace("@", "\uff20")):
        answer = _sign_in(api, **{field: spelling})
        assert (answer.status_code, answer.json()["user"]["username"]) == (200, name)
    assert _sign_in(api, **{field: name.replace("@", ".@")}).status_code == 401


def test_a_username_is_looked_up_first_among_usernames_and_an_address_first_among_addresses(
    api: Api, ann: Person, django_user_model: type[User]
) -> None:
    django_user_model.objects.create_user(ADDRESS, email="", password=PASSWORD)
    assert _sign_in(api, username=ADDRESS).json()["user"]["username"] == ADDRESS
    assert _sign_in(api, email=ADDRESS).json()["user"]["username"] == "ann"
    django_user_model.objects.filter(username=ADDRESS).delete()
    assert _sign_in(api, username=ADDRESS).json()["user"]["username"] == "ann"
    assert _sign_in(api, email="ann").json()["user"]["username"] == "ann"


def test_a_known_and_an_unknown_name_take_the_same_statements(
    api: Api, ann: Person, count_queries: CountQueries
) -> None:
    counts = []
    for email in (ADDRESS, "nobody@example.com"):
        with count_queries() as queries:
            assert _sign_in(api, email=email, password="wrong").status_code == 401
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("email", [ADDRESS, "nobody@example.com"])
def test_a_backend_may_refuse_by_the_request(api: Api, ann: Person, settings: Settings, email: str) -> None:
    backend = f"{__name__}.{Bouncer.__name__}"
    settings.AUTHENTICATION_BACKENDS = [backend, "django.contrib.auth.backends.ModelBackend"]
    refused = api.post("/token/pair", {"email": email, "password": PASSWORD}, headers={"X-Suspicious": "1"})
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_credentials")
    assert _sign_in(api, email=email).status_code == (200 if email == ADDRESS else 401)


def test_no_backend_lets_an_inactive_user_in(
    api: Api, ann: Person, settings: Settings, django_user_model: type[User], heard: Heard
) -> None:
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.{LetsAnybodyIn.__name__}"]
    django_user_model.objects.update(is_active=False)
    answer = _sign_in(api, email=ADDRESS)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
    assert heard == [("failed", "/api/v1/token/pair", "ann")]


def test_the_signals_of_django_are_sent_once(api: Api, heard: Heard) -> None:
    answer = api.post("/auth/register", {"email": ADDRESS, "username": "ann", "password": PASSWORD}).json()
    pair = _sign_in(api, email=ADDRESS).json()
    api.post("/token/refresh", {"refresh": pair["refresh"]})
    _sign_in(api, email=ADDRESS, password="wrong")
    _sign_in(api, email="nobody@example.com")
    passwords = {"old_password": PASSWORD, "new_password": PASSWORD}
    pair = api.as_user(pair["access"]).post("/auth/change-password", passwords).json()
    answer = _sign_in(api, email=ADDRESS).json()
    api.as_user(pair["access"]).post("/auth/logout")
    api.as_user(answer["access"]).post("/auth/logout-all")
    assert heard == [
        ("in", "/api/v1/auth/register", "ann"),
        ("in", "/api/v1/token/pair", "ann"),
        ("failed", "/api/v1/token/pair", "ann"),
        ("failed", "/api/v1/token/pair", "nobody@example.com"),
        ("in", "/api/v1/token/pair", "ann"),
        ("out", "/api/v1/auth/logout", "ann"),
        ("out", "/api/v1/auth/logout-all", "ann"),
    ]


def test_a_sign_in_before_the_address_is_verified_is_a_failed_one(
    api: Api, ann: Person, settings: Settings, heard: Heard
) -> None:
    settings.NINJA_ORGKIT = {"EMAIL_VERIFICATION": "mandatory"}
    assert _sign_in(api, email=ADDRESS).json()["code"] == "email_not_verified"
    assert heard == [("failed", "/api/v1/token/pair", "ann")]


def test_signing_in_records_the_last_login_and_nothing_else_does(
    api: Api, ann: Person, django_user_model: type[User]
) -> None:
    def last_login() -> Any:
        return django_user_model.objects.get().last_login

    assert last_login() is not None
    django_user_model.objects.update(last_login=None)
    api.post("/token/refresh", {"refresh": ann.refresh})
    _sign_in(api, email=ADDRESS, password="wrong")
    assert last_login() is None
    _sign_in(api, email=ADDRESS)
    assert last_login() is not None


@pytest.mark.parametrize("field", ["username", "email"])
@pytest.mark.parametrize("name", ["...", "_-.", "@", "-@-"])
def test_a_name_without_a_letter_is_nobody(api: Api, django_user_model: type[User], name: str, field: str) -> None:
    django_user_model.objects.create_user("-", email="", password=PASSWORD)
    answer = _sign_in(api, **{field: name})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
