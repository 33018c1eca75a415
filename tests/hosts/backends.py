"""Signing in through the backends of a host: django-axes, and one that creates users; ``test_hosts`` runs this file."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_login_failed

from tests.client import Api
from tests.hosts.people.directory import PEOPLE

pytestmark = pytest.mark.django_db

(GRACE,) = PEOPLE
PASSWORD = "correct horse battery"


@pytest.fixture
def api() -> Api:
    return Api()


def _sign_in(api: Api, email: str, password: str) -> Any:
    return api.post("/token/pair", {"email": email, "password": password})


def test_a_person_whom_the_directory_knows_signs_in_for_the_first_time_and_again(api: Api) -> None:
    slugs = set()
    for _ in range(2):
        answer = _sign_in(api, GRACE, PEOPLE[GRACE])
        assert answer.status_code == 200, answer.content
        me = api.as_user(answer.json()["access"]).get("/users/me").json()
        assert (me["email"], len(me["organizations"])) == (GRACE, 1)
        slugs.add(me["slug"])
    assert len(slugs) == 1
    assert _sign_in(api, GRACE, "wrong").status_code == 401


@pytest.mark.parametrize("email", ["ann@example.com", "nobody@example.com"])
def test_axes_locks_a_known_and_an_unknown_name_alike(api: Api, email: str) -> None:
    get_user_model()._default_manager.create_user("ann@example.com", PASSWORD)
    assert [_sign_in(api, email, "wrong").status_code for _ in range(4)] == [401, 401, 401, 429]
    assert _sign_in(api, email, PASSWORD).status_code == 429
    assert _sign_in(api, GRACE, PEOPLE[GRACE]).status_code == 200


def test_a_success_lets_axes_forget_the_wrong_passwords_of_before(api: Api) -> None:
    get_user_model()._default_manager.create_user("ann@example.com", PASSWORD)
    for _ in range(2):
        assert [_sign_in(api, "ann@example.com", "wrong").status_code for _ in range(3)] == [401] * 3
        assert _sign_in(api, "ann@example.com", PASSWORD).status_code == 200


def test_the_signals_of_django_have_the_request_and_no_password(api: Api) -> None:
    heard: list[tuple[str, Any, Any]] = []

    def hear_success(sender: Any, request: Any, user: Any, **_: Any) -> None:
        heard.append(("in", request.path, user.email))

    def hear_failure(sender: Any, request: Any, credentials: dict[str, Any], **_: Any) -> None:
        assert "wrong" not in credentials.values()
        heard.append(("failed", request.path, credentials["username"]))

    user_logged_in.connect(hear_success)
    user_login_failed.connect(hear_failure)
    try:
        _sign_in(api, GRACE, PEOPLE[GRACE])
        _sign_in(api, GRACE, "wrong")
    finally:
        user_logged_in.disconnect(hear_success)
        user_login_failed.disconnect(hear_failure)
    assert heard == [("in", "/api/v1/token/pair", GRACE), ("failed", "/api/v1/token/pair", GRACE)]
