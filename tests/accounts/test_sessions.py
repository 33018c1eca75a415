"""Listing sessions, and ending one or all of them, with effect on the next request."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client, RequestFactory
from django.utils import timezone

from ninja_orgkit.accounts.bearer import bearer
from ninja_orgkit.accounts.models import Account, Session
from ninja_orgkit.accounts.services.sessions import begin_session
from tests.client import Api, Person, told
from tests.conftest import CountQueries, Register

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(register: Register) -> Person:
    return register(email="ann@example.com", password="sturdy-Pass-1")


@pytest.fixture
def tablet(api: Api, ann: Person) -> Api:
    pair = api.post("/token/pair", {"email": "ann@example.com", "password": "sturdy-Pass-1"}).json()
    return api.as_user(pair["access"])


def test_the_list_shows_devices_and_no_token(ann: Person, tablet: Api) -> None:
    page = tablet.get("/auth/sessions").json()
    assert page["count"] == 2
    assert set(page["items"][0]) == {
        "id", "name", "device", "user_agent", "address", "created_at", "last_used_at", "current",
    }  # fmt: skip
    assert [item["current"] for item in page["items"]] == [True, False]


def test_a_caller_has_the_user_of_the_host_which_is_read_when_it_is_asked_for(
    ann: Person, count_queries: CountQueries
) -> None:
    request = RequestFactory().get("/", headers={"Authorization": f"Bearer {ann.access}"})
    with count_queries() as queries:
        caller = bearer(request)
        assert (caller.slug, caller.account.email, caller.session.account) == (ann.slug, ann.email, caller.account)
    assert len(queries) == 1
    with count_queries() as queries:
        user = caller.account.user
        assert user == get_user_model().objects.get(email=ann.email)
    assert len(queries) == 2  # one for each of them
    assert not user.get_deferred_fields()
    caller.account.save()
    assert Account.objects.get().about == ""


def test_the_list_omits_sessions_ended_by_a_password_set_elsewhere(api: Api, ann: Person, tablet: Api) -> None:
    user = Account.objects.get().user
    user.set_password("new-Pass-2")
    user.save()
    pair = api.post("/token/pair", {"email": "ann@example.com", "password": "new-Pass-2"}).json()
    assert api.as_user(pair["access"]).get("/auth/sessions").json()["count"] == 1


def test_ending_another_session_signs_it_out_at_once(ann: Person, tablet: Api) -> None:
    (other,) = [item for item in tablet.get("/auth/sessions").json()["items"] if not item["current"]]
    assert tablet.delete(f"/auth/sessions/{other['id']}").status_code == 204
    assert ann.api.get("/users/me").status_code == 401
    assert tablet.get("/users/me").status_code == 200


def test_a_foreign_a_missing_and_a_malformed_session_answer_alike(ann: Person, tablet: Api, register: Register) -> None:
    bob = register(email="bob@example.com")
    foreign = bob.api.get("/auth/sessions").json()["items"][0]["id"]
    answers = [tablet.delete(f"/auth/sessions/{key}") for key in (foreign, "0" * 8 + foreign[8:], "7", "NOPE")]
    assert {answer.status_code for answer in answers} == {404}
    assert len(set(map(told, answers))) == 1
    assert bob.api.get("/users/me").status_code == 200


def test_logout_everywhere_ends_every_session(ann: Person, tablet: Api) -> None:
    assert tablet.post("/auth/logout-all").status_code == 204
    assert tablet.get("/users/me").status_code == 401
    assert ann.api.get("/users/me").status_code == 401


def test_logout_ends_the_session_of_a_refresh_token(api: Api, ann: Person, tablet: Api) -> None:
    assert api.post("/auth/logout", {"refresh": ann.refresh}).status_code == 200
    assert ann.api.get("/users/me").status_code == 401
    assert tablet.get("/users/me").status_code == 200


def test_logout_ends_the_session_of_the_bearer_token(ann: Person) -> None:
    assert ann.api.post("/auth/logout").status_code == 200
    assert ann.api.get("/users/me").status_code == 401


@pytest.mark.parametrize("body", [None, {}, {"refresh": "x"}, {"refresh": None}])
def test_logout_succeeds_without_a_session_to_end(api: Api, body: Any) -> None:
    assert api.post("/auth/logout", body).status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Bearer a.b.c", "Basic abc", "Bearer \xff", "Bearer " + "x" * 9000]
)
def test_logout_succeeds_with_an_unusable_bearer_token(api: Api, ann: Person, header: str) -> None:
    assert api.post("/auth/logout", headers={"Authorization": header}).status_code == 200
    refresh = {"Authorization": f"Bearer {ann.refresh}"}
    assert api.post("/auth/logout", {}, headers=refresh).status_code == 200
    assert ann.api.get("/users/me").status_code == 200


@pytest.mark.parametrize("body", [{"refresh": 5}, {"refresh": []}, {"refresh": "\x00"}, {"token": "x"}, [], 5, "x"])
def test_logout_refuses_a_body_of_the_wrong_type_and_ends_nothing(ann: Person, body: Any) -> None:
    assert ann.api.post("/auth/logout", body).status_code == 422
    assert ann.api.get("/users/me").status_code == 200


def test_logout_refuses_a_body_that_is_not_json_and_ends_nothing(ann: Person) -> None:
    broken = ann.api.send("POST", "/auth/logout", b"{", content_type="application/json")
    form = ann.api.send("POST", "/auth/logout", b"refresh=x", content_type="application/x-www-form-urlencoded")
    assert (broken.status_code, form.status_code) == (400, 415)
    assert ann.api.get("/users/me").status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer a b"])
def test_a_missing_or_malformed_bearer_token_is_a_401_with_a_challenge(client: Client, header: str) -> None:
    answer = client.get("/api/v1/users/me", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("sessions", [1, 50])
def test_listing_sessions_runs_three_statements_for_1_session_and_for_50(
    ann: Person, sessions: int, count_queries: CountQueries
) -> None:
    for _ in range(sessions - 1):
        begin_session(Account.objects.get())
    with count_queries() as queries:
        assert len(ann.api.get("/auth/sessions").json()["items"]) == sessions
    assert len(queries) == 3


WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:148.0) Gecko/20100101 Firefox/148.0"


def test_a_session_says_browser_and_system_and_what_the_program_calls_itself(api: Api, ann: Person) -> None:
    body = {"email": "ann@example.com", "password": "sturdy-Pass-1"}
    pair = api.post("/token/pair", body, headers={"User-Agent": WINDOWS}).json()
    latest = api.as_user(pair["access"]).get("/auth/sessions").json()["items"][0]
    assert (latest["device"], latest["user_agent"], latest["name"]) == ("Firefox on Windows", WINDOWS, "")


def test_a_name_of_a_session_can_be_given_and_taken_away(ann: Person, tablet: Api) -> None:
    mine, other = tablet.get("/auth/sessions").json()["items"]
    named = tablet.patch(f"/auth/sessions/{other['id']}", {"name": "  Laptop at work "})
    assert (named.status_code, named.json()) == (200, {**other, "name": "Laptop at work"})
    assert [item["name"] for item in tablet.get("/auth/sessions").json()["items"]] == ["", "Laptop at work"]
    assert tablet.patch(f"/auth/sessions/{mine['id']}", {"name": "x" * 100}).json() == {**mine, "name": "x" * 100}
    assert tablet.patch(f"/auth/sessions/{mine['id']}", {"name": "\u200b"}).json() == mine


@pytest.mark.parametrize(
    "body", [{}, {"name": None}, {"name": 5}, {"name": "x" * 101}, {"name": "a\nb"}, {"device": "x"}]
)
def test_a_missing_or_malformed_name_of_a_session_is_refused_and_changes_nothing(ann: Person, body: Any) -> None:
    (mine,) = ann.api.get("/auth/sessions").json()["items"]
    assert ann.api.patch(f"/auth/sessions/{mine['id']}", body).status_code == 422
    assert ann.api.get("/auth/sessions").json()["items"] == [mine]


def test_nobody_names_a_foreign_an_ended_or_a_missing_session(ann: Person, tablet: Api, register: Register) -> None:
    bob = register(email="bob@example.com")
    foreign = bob.api.get("/auth/sessions").json()["items"][0]["id"]
    expired = tablet.get("/auth/sessions").json()["items"][1]["id"]
    Session.objects.filter(pk=expired).update(expires_at=timezone.now())
    keys = (foreign, expired, "0" * 8 + foreign[8:], "7", "NOPE")
    answers = [tablet.patch(f"/auth/sessions/{key}", {"name": "Mine"}) for key in keys]
    assert {answer.status_code for answer in answers} == {404}
    assert len({told(answer) for answer in answers}) == 1
    assert not Session.objects.exclude(name="").exists()
