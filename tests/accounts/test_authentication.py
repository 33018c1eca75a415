"""Who is calling: the callables of ``AUTHENTICATION`` are asked in order, on every route that needs a caller."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.signals import user_logged_out
from django.http import Http404, HttpRequest
from django.middleware.csrf import get_token
from django.test import Client
from pytest_django import Settings

from ninja_orgkit.accounts.authentication import Caller, bearer_token
from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.errors import Forbidden, Unavailable
from tests.client import Api, Person, statements_in
from tests.conftest import CountQueries, Register
from tests.media.pictures import picture

pytestmark = pytest.mark.django_db

KIT = "ninja_orgkit.accounts.authentication.bearer_token"
DJANGO = "ninja_orgkit.accounts.authentication.django_session"
PASSWORD = "correct horse battery"


def by_header(request: HttpRequest) -> Any:
    """Return the user whose name is in a header."""
    return User.objects.filter(username=request.headers.get("X-User", "")).first()


def caller_by_header(request: HttpRequest) -> Caller | None:
    user = by_header(request)
    return user and Caller(Account.objects.get(user=user))


def session_by_header(request: HttpRequest) -> Caller | None:
    user = by_header(request)
    session = Session.objects.select_related("account").get(account__user=user)
    return Caller(session.account, session)


def anonymous(_request: HttpRequest) -> AnonymousUser:
    return AnonymousUser()


def refuses(_request: HttpRequest) -> None:
    raise Forbidden("The device is not known.")


def is_down(_request: HttpRequest) -> None:
    raise Unavailable


def breaks(_request: HttpRequest) -> None:
    raise RuntimeError("a defect of the host's")


def is_lost(_request: HttpRequest) -> None:
    raise Http404


def answers_text(_request: HttpRequest) -> str:
    return "ann"


def wraps_the_kit(request: HttpRequest) -> Caller | None:
    return bearer_token(request)


def use(settings: Settings, *callables: Any) -> None:
    """Let these find the callers: functions of this module, or dotted paths."""
    paths = [item if isinstance(item, str) else f"{__name__}.{item.__name__}" for item in callables]
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "AUTHENTICATION": paths}


@pytest.fixture
def ann(register: Register) -> Person:
    return register("ann@example.com", username="ann", password=PASSWORD)


def as_ann(api: Api, method: str, path: str, json: Any = None) -> Any:
    """Call by the header that the callables of this module read."""
    return getattr(api, method)(path, **({"json": json} if json is not None else {}), headers={"X-User": "ann"})


@pytest.mark.parametrize("find", [by_header, caller_by_header])
def test_a_callable_of_the_host_says_who_is_calling(api: Api, ann: Person, settings: Settings, find: Any) -> None:
    use(settings, find)
    assert as_ann(api, "get", "/users/me").json() == ann.user
    made = as_ann(api, "post", "/contacts/", {"organization": ann.org, "first_name": "Ada"})
    assert (made.status_code, made.json()["creator"]) == (201, ann.slug)
    assert as_ann(api, "get", f"/orgs/{ann.org}/").json()["role"] == "owner"
    # The kit's own tokens are not among the callables now.
    assert ann.api.get("/users/me").status_code == 401
    refused = api.get("/users/me")
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    assert refused["WWW-Authenticate"] == "Bearer"


def test_the_callables_are_asked_in_order_until_one_answers(api: Api, ann: Person, settings: Settings) -> None:
    use(settings, anonymous, by_header, KIT, breaks)
    assert as_ann(api, "get", "/users/me").status_code == 200
    assert ann.api.get("/users/me").status_code == 200


def test_a_user_without_an_account_gets_one(api: Api, settings: Settings) -> None:
    use(settings, by_header)
    User.objects.bulk_create([User(username="ann", email="ann@example.com")])
    assert not Account.objects.exists()
    answer = as_ann(api, "get", "/users/me").json()
    assert (answer["username"], answer["email"]) == ("ann", "ann@example.com")
    assert [org["type"] for org in answer["organizations"]] == ["personal"]
    assert as_ann(api, "get", "/users/me").json() == answer


@pytest.mark.parametrize("find", [by_header, caller_by_header, session_by_header])
def test_an_inactive_user_is_nobody(api: Api, ann: Person, settings: Settings, find: Any) -> None:
    User.objects.update(is_active=False)
    use(settings, find)
    assert as_ann(api, "get", "/users/me").json()["code"] == "unauthenticated"
    use(settings, find, refuses)
    assert as_ann(api, "get", "/users/me").json()["code"] == "forbidden"


def test_an_error_of_the_kit_ends_the_search(api: Api, ann: Person, settings: Settings) -> None:
    use(settings, refuses, KIT)
    refused = ann.api.get("/users/me")
    assert (refused.status_code, refused.json()["detail"]) == (403, "The device is not known.")
    use(settings, is_down, KIT)
    assert ann.api.get("/users/me").status_code == 503
    # A token that the kit refuses is not offered to others.
    use(settings, KIT, by_header)
    answer = api.get("/users/me", headers={"X-User": "ann", "Authorization": "Bearer x"})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")


@pytest.mark.parametrize("find", [breaks, is_lost, answers_text, f"{__name__}.missing"])
def test_a_callable_that_fails_is_a_logged_defect_that_changed_nothing(
    ann: Person, settings: Settings, find: Any, caplog: pytest.LogCaptureFixture
) -> None:
    use(settings, find, KIT)
    with caplog.at_level(logging.ERROR, logger="ninja_orgkit"):
        answer = ann.api.post("/contacts/", {"organization": ann.org, "first_name": "Ada"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "defect of the host" not in answer.content.decode()
    assert any(record.exc_info for record in caplog.records)
    use(settings, KIT)
    assert ann.api.get("/contacts/").json()["count"] == 0


def test_open_routes_ask_nobody(api: Api, ann: Person, settings: Settings) -> None:
    use(settings, breaks)
    assert api.get("/health").status_code == 200
    assert api.get("/users/check_username", username="bob").status_code == 200
    assert api.post("/token/pair", {"email": ann.email, "password": PASSWORD}).status_code == 200
    assert ann.api.post("/token/verify", {"token": ann.refresh}).status_code == 200


@pytest.mark.parametrize("find", [refuses, is_down])
def test_logging_out_works_for_whoever_is_refused(api: Api, ann: Person, settings: Settings, find: Any) -> None:
    use(settings, find)
    assert api.post("/auth/logout", {"refresh": ann.refresh}).status_code == 200
    assert not Session.objects.exists()


def test_bad_tokens_are_throttled_beside_other_callables(api: Api, settings: Settings) -> None:
    use(settings, anonymous, KIT)
    settings.NINJA_ORGKIT["THROTTLES"] = {"bearer.address": "2/h"}
    found = [api.as_user("x").get("/users/me").status_code for _ in range(3)]
    assert found == [401, 401, 429]


def test_caller_and_membership_take_one_statement_more_for_each_thing_that_a_callable_reads(
    api: Api, ann: Person, settings: Settings, count_queries: CountQueries
) -> None:
    def statements(call: Any) -> int:
        with count_queries() as queries:
            assert call().status_code == 200
        return len(statements_in(queries))

    path = f"/orgs/{ann.org}/tags/"
    kit = statements(lambda: ann.api.get(path))
    use(settings, wraps_the_kit)
    assert statements(lambda: ann.api.get(path)) == kit
    use(settings, by_header)
    # The user, the account and the membership, instead of all in one.
    assert statements(lambda: as_ann(api, "get", path)) == kit + 2


@pytest.fixture
def browser(ann: Person, settings: Settings) -> Client:
    """Return a browser in which Ann is signed in to Django, with a CSRF cookie."""
    use(settings, KIT, DJANGO)
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(User.objects.get(username="ann"))
    request = HttpRequest()
    get_token(request)
    client.cookies["csrftoken"] = request.META["CSRF_COOKIE"]
    return client


def ask(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    token = {"X-CSRFToken": client.cookies["csrftoken"].value} | {k.replace("_", "-"): v for k, v in headers.items()}
    return client.generic(method, f"/api/v1{path}", body or b"", "application/json", headers=token)


def test_a_django_session_is_accepted(browser: Client, ann: Person) -> None:
    assert browser.get("/api/v1/users/me").json() == ann.user
    assert ask(browser, "PATCH", "/users/me", b'{"location": "London"}').json()["location"] == "London"
    assert Client().get("/api/v1/users/me").status_code == 401


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_an_unsafe_method_needs_the_csrf_token(browser: Client, method: str) -> None:
    path = "/auth/delete" if method == "DELETE" else "/users/me" if method == "PATCH" else "/orgs/"
    for headers in ({}, {"X-CSRFToken": "x" * 32}):
        answer = browser.generic(method, f"/api/v1{path}", b"{}", "application/json", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    elsewhere = ask(browser, method, path, b"{}", Origin="https://evil.example")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "csrf_failed")
    assert User.objects.filter(username="ann").exists()


def test_a_bearer_token_needs_no_csrf_token_beside_a_django_session(browser: Client, ann: Person) -> None:
    headers = {"Authorization": f"Bearer {ann.access}"}
    answer = browser.generic("PATCH", "/api/v1/users/me", b"{}", "application/json", headers=headers)
    assert answer.status_code == 200


def test_an_upload_keeps_its_limits_with_a_django_session(browser: Client, ann: Person, settings: Settings) -> None:
    """Django's check would read a whole form to look for the token in it."""
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    assert browser.post("/api/v1/users/avatar", {"file": picture()}, headers=token).status_code == 200
    settings.NINJA_ORGKIT["AVATAR_MAX_BYTES"] = 10
    assert browser.post("/api/v1/users/avatar", {"file": picture()}, headers=token).status_code == 413
    in_form = {"file": picture(), "csrfmiddlewaretoken": token["X-CSRFToken"]}
    assert browser.post("/api/v1/users/avatar", in_form).json()["code"] == "csrf_failed"


def test_a_caller_without_a_session_of_the_kit_has_no_current_one(browser: Client) -> None:
    listed = browser.get("/api/v1/auth/sessions").json()["items"]
    assert [item["current"] for item in listed] == [False]
    assert ask(browser, "DELETE", f"/auth/sessions/{listed[0]['id']}").status_code == 204
    assert browser.get("/api/v1/auth/sessions").json()["count"] == 0


def test_changing_the_password_keeps_a_django_session_and_ends_those_of_the_kit(browser: Client, ann: Person) -> None:
    body = b'{"old_password": "correct horse battery", "new_password": "staple battery horse"}'
    answer = ask(browser, "POST", "/auth/change-password", body)
    assert (answer.status_code, answer.json()) == (200, {"access": None, "refresh": None})
    assert browser.get("/api/v1/users/me").status_code == 200
    assert ann.api.get("/users/me").status_code == 401
    assert not Session.objects.exists()


@pytest.mark.parametrize("path", ["/auth/logout", "/auth/logout-all"])
def test_logging_out_ends_the_django_session_of_the_request(browser: Client, ann: Person, path: str) -> None:
    heard: list[str] = []

    def hear(user: User, **_: Any) -> None:
        heard.append(user.username)

    browser.generic("POST", f"/api/v1{path}")  # without the token this changes nothing
    assert browser.get("/api/v1/users/me").status_code == 200
    user_logged_out.connect(hear)
    assert ask(browser, "POST", path).status_code in (200, 204)
    user_logged_out.disconnect(hear)
    assert browser.get("/api/v1/users/me").status_code == 401
    assert heard == ["ann"]
    assert ann.api.get("/users/me").status_code == (200 if path == "/auth/logout" else 401)
