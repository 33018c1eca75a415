"""A browser app gets its refresh token in a cookie that no script can read."""

from __future__ import annotations

from datetime import timedelta
from json import dumps
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from ninja_orgkit.accounts.models import Session
from ninja_orgkit.models import IdempotencyRecord
from tests.client import Api, Person, told
from tests.conftest import Register

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
LOGIN = {"email": "ann@example.com", "password": PASSWORD}
NAME = "orgkit_refresh"
BY_COOKIE = {"Token-Delivery": "cookie"}


class Browser:
    """Keeps its cookies, and sends the header that asks for them unless told otherwise."""

    def __init__(self, **how: Any) -> None:
        self.client = Client(raise_request_exception=False, **how)

    def send(self, method: str, path: str, json: Any = None, *, access: str = "", headers: Any = BY_COOKIE) -> Any:
        bearer = {"Authorization": f"Bearer {access}"} if access else {}
        body = b"" if json is None else dumps(json)
        return self.client.generic(method, f"/api/v1{path}", body, "application/json", headers={**bearer, **headers})

    @property
    def token(self) -> str:
        """Return the refresh token that the cookie carries."""
        return self.client.cookies[NAME].value

    @token.setter
    def token(self, value: str) -> None:
        self.client.cookies[NAME] = value


@pytest.fixture
def ann(register: Register) -> Person:
    return register(LOGIN["email"], PASSWORD)


@pytest.fixture
def browser(ann: Person) -> Browser:
    """Return a browser in which Ann has signed in."""
    found = Browser()
    assert found.send("POST", "/token/pair", LOGIN).status_code == 200
    return found


def cleared(answer: Any) -> bool:
    """Tell whether an answer clears the cookie, with the attributes with which it was set."""
    if NAME not in answer.cookies:
        return False
    cookie = answer.cookies[NAME]
    assert (cookie.value, cookie["max-age"]) == ("", 0)
    assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == ("/api/v1", "Strict", True)
    return True


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_do_not_get(ann: Person) -> None:
    answer = Browser().send("POST", "/token/pair", LOGIN)
    assert answer.json()["refresh"] is None
    assert answer.json()["access"]
    cookie = answer.cookies[NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/api/v1")
    assert (cookie["secure"], cookie["domain"]) == ("", "")
    assert timedelta(days=14).total_seconds() - 5 <= cookie["max-age"] <= timedelta(days=14).total_seconds()
    assert answer["Cache-Control"] == "no-store"
    assert "Token-Delivery" in answer["Vary"]
    secure = Client().post("/api/v1/token/pair", LOGIN, content_type="application/json", secure=True, headers=BY_COOKIE)
    assert secure.cookies[NAME]["secure"] is True


@pytest.mark.parametrize("value", ["Cookie", "cookie ,", "body", "", None])
def test_any_other_value_of_the_header_counts_as_absent(ann: Person, value: str | None) -> None:
    headers = {} if value is None else {"Token-Delivery": value}
    answer = Browser().send("POST", "/token/pair", LOGIN, headers=headers)
    assert answer.json()["refresh"]
    assert NAME not in answer.cookies


def test_registering_and_changing_the_password_deliver_by_cookie(api: Api, db: None) -> None:
    browser = Browser()
    made = browser.send("POST", "/auth/register", LOGIN)
    assert (made.status_code, made.json()["refresh"]) == (201, None)
    first = browser.token
    passwords = {"old_password": PASSWORD, "new_password": "staple battery horse"}
    changed = browser.send("POST", "/auth/change-password", passwords, access=made.json()["access"])
    assert (changed.status_code, changed.json()["refresh"]) == (200, None)
    assert api.post("/token/refresh", {"refresh": first}).status_code == 401
    assert browser.send("POST", "/token/refresh").status_code == 200


def test_registering_without_tokens_sets_no_cookie(db: None, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "EMAIL_VERIFICATION": "mandatory"}
    answer = Browser().send("POST", "/auth/register", LOGIN)
    assert (answer.status_code, NAME in answer.cookies) == (202, False)


@pytest.mark.parametrize("body", [None, {}, {"refresh": None}])
def test_refreshing_rotates_the_cookie(browser: Browser, body: Any) -> None:
    first = browser.token
    answer = browser.send("POST", "/token/refresh", body)
    assert (answer.status_code, answer.json()["refresh"], browser.token == first) == (200, None, False)
    assert browser.send("GET", "/users/me", access=answer.json()["access"]).status_code == 200
    assert browser.send("POST", "/token/refresh", body).status_code == 200


def test_without_the_header_the_cookie_is_not_read(browser: Browser) -> None:
    bodies: tuple[Any, ...] = (None, {})
    for body in bodies:
        answer = browser.send("POST", "/token/refresh", body, headers={})
        assert (answer.status_code, answer.json()["code"], cleared(answer)) == (401, "token_not_valid", False)
    assert not cleared(browser.send("POST", "/auth/logout", headers={}))
    assert browser.send("POST", "/token/refresh").status_code == 200


def test_a_token_in_the_body_wins(browser: Browser, ann: Person) -> None:
    kept = browser.token
    answer = browser.send("POST", "/token/refresh", {"refresh": ann.refresh})
    assert (answer.status_code, answer.json()["refresh"]) == (200, None)
    assert Session.objects.count() == 2
    assert browser.send("POST", "/auth/logout", {"refresh": kept}).status_code == 200
    assert Session.objects.count() == 1


def test_neither_cookie_nor_body_is_refused(db: None) -> None:
    answer = Browser().send("POST", "/token/refresh", {})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
    assert cleared(answer)


def test_a_bad_cookie_answers_as_a_token_in_the_body_would(browser: Browser, api: Api, ann: Person) -> None:
    spent = browser.token
    assert browser.send("POST", "/token/refresh").status_code == 200
    Session.objects.update(refreshed_at=timezone.now() - timedelta(seconds=11))
    tokens = {token: token for token in ("", "x", "a.b.c", spent[:-2], ann.access, "x" * 10_000)}
    # As they stand in a header: a browser may send what new versions of Python refuse to put into a cookie.
    tokens |= {r'"\351"': "é", r'"\"quoted\073 text\""': '"quoted; text"', r'"\000"': "\x00"}
    for cookie, token in tokens.items():
        answer = browser.send("POST", "/token/refresh", headers={**BY_COOKIE, "Cookie": f"{NAME}={cookie}"})
        expected = api.post("/token/refresh", {"refresh": token.replace("\x00", "")})
        assert answer.status_code == 401
        assert told(answer)[2] == told(expected)[2]
        assert cleared(answer)
    assert Session.objects.count() == 2
    browser.token = spent  # somebody else may have its successor
    assert browser.send("POST", "/token/refresh").json()["code"] == "token_not_valid"
    assert Session.objects.count() == 1


def test_logging_out_ends_the_session_of_the_cookie(browser: Browser) -> None:
    before = Session.objects.count()
    answer = browser.send("POST", "/auth/logout")
    assert (answer.status_code, cleared(answer)) == (200, True)
    assert Session.objects.count() == before - 1


@pytest.mark.parametrize(("method", "path"), [("POST", "/auth/logout-all"), ("DELETE", "/auth/delete")])
def test_what_ends_every_session_clears_the_cookie(browser: Browser, method: str, path: str) -> None:
    access = browser.send("POST", "/token/refresh").json()["access"]
    answer = browser.send(method, path, access=access)
    assert (answer.status_code, cleared(answer)) == (204, True)


def test_ending_ones_own_session_clears_the_cookie_and_ending_another_does_not(browser: Browser) -> None:
    access = browser.send("POST", "/token/refresh").json()["access"]
    listed = browser.send("GET", "/auth/sessions", access=access).json()["items"]
    for item in sorted(listed, key=lambda item: item["current"]):
        answer = browser.send("DELETE", f"/auth/sessions/{item['id']}", access=access)
        assert (answer.status_code, cleared(answer)) == (204, item["current"])


def test_clearing_needs_the_header_too(browser: Browser) -> None:
    access = browser.send("POST", "/token/refresh").json()["access"]
    answer = browser.send("POST", "/auth/logout-all", access=access, headers={})
    assert (answer.status_code, NAME in answer.cookies) == (204, False)


def test_the_attributes_of_the_cookie_are_a_setting(ann: Person, settings: Settings) -> None:
    chosen = {
        "name": "__Secure-token", "path": "/", "domain": "example.com",
        "samesite": "Lax", "secure": True, "max_age": 60,
    }  # fmt: skip
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "REFRESH_COOKIE": chosen}
    browser = Browser()
    for answer in (browser.send("POST", "/token/pair", LOGIN), browser.send("POST", "/auth/logout")):
        cookie = answer.cookies["__Secure-token"]
        found = {name.replace("-", "_"): value for name, value in cookie.items()} | {"name": cookie.key}
        age = 60 if cookie.value else 0
        assert {name: found[name] for name in chosen} == {**chosen, "max_age": age}
    settings.NINJA_ORGKIT["REFRESH_COOKIE"] = {"max_age": 10**9}
    assert browser.send("POST", "/token/pair", LOGIN).cookies[NAME]["max-age"] <= 14 * 86_400


def test_the_path_follows_the_script_name(ann: Person) -> None:
    answer = Browser(SCRIPT_NAME="/site").client.post(
        "/api/v1/token/pair", LOGIN, content_type="application/json", headers=BY_COOKIE
    )
    assert answer.cookies[NAME]["path"] == "/site/api/v1"


def test_no_token_is_stored_for_a_replay(ann: Person) -> None:
    answers = [
        Browser().send("POST", "/token/pair", LOGIN, headers={**BY_COOKIE, "Idempotency-Key": "once"}) for _ in "12"
    ]
    assert answers[0].cookies[NAME].value != answers[1].cookies[NAME].value
    assert not IdempotencyRecord.objects.exists()


def test_the_document_says_what_the_header_does(api: Api) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    for method, path, status in [
        ("post", "/token/pair", "200"), ("post", "/token/refresh", "200"), ("post", "/auth/register", "201"),
        ("post", "/auth/change-password", "200"), ("post", "/auth/logout", "200"), ("post", "/auth/logout-all", "204"),
        ("delete", "/auth/delete", "204"), ("delete", "/auth/sessions/{session_id}", "204"),
    ]:  # fmt: skip
        operation = paths[f"/api/v1{path}"][method]
        (header,) = [item for item in operation["parameters"] if item["name"] == "Token-Delivery"]
        assert header["schema"]["enum"] == ["cookie"]
        assert "Set-Cookie" in operation["responses"][status]["headers"]
