"""Signing in with an address or a username, without revealing which accounts exist."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from ninja_orgkit.accounts import tokens
from ninja_orgkit.accounts.models import Account, Session
from tests.accounts.hashers import CountingHasher, SlowHasher
from tests.client import Api, Person, statements_in, told
from tests.conftest import CountQueries, Register
from tests.parallel import in_parallel
from tests.servers.processes import environment
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db

PASSWORD = "sturdy-Pass-1"


@pytest.fixture
def ann(register: Register) -> Person:
    return register(email="ann@example.com", username="Ann.Lee", password=PASSWORD)


@pytest.mark.parametrize(
    "login",
    [
        {"email": "ann@example.com"},
        {"email": " ANN@example.COM "},
        {"email": "ann\uff20example.com"},
        {"username": "Ann.Lee"},
        {"username": "annlee"},
    ],
)
def test_any_spelling_of_the_address_or_the_username_signs_in(api: Api, ann: Person, login: dict[str, str]) -> None:
    answer = api.post("/token/pair", {**login, "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json()["user"] == {"slug": ann.slug, "username": "Ann.Lee"}
    assert set(answer.json()) == {"access", "refresh", "user"}


def test_wrong_password_unknown_account_and_inactive_user_get_the_same_answer(
    api: Api, ann: Person, django_user_model: type[User]
) -> None:
    wrong = api.post("/token/pair", {"email": "ann@example.com", "password": "nothing-like-it"})
    unknown = api.post("/token/pair", {"email": "bob@example.com", "password": PASSWORD})
    django_user_model.objects.update(is_active=False)
    inactive = api.post("/token/pair", {"email": "ann@example.com", "password": PASSWORD})
    assert [wrong.status_code, unknown.status_code, inactive.status_code] == [401, 401, 401]
    assert told(wrong) == told(unknown) == told(inactive)
    assert wrong.json()["code"] == "invalid_credentials"
    assert wrong["WWW-Authenticate"] == "Bearer"


def test_a_password_is_hashed_for_an_unknown_account_too(api: Api, ann: Person, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["tests.accounts.hashers.CountingHasher"]
    counts = []
    for email in ("nobody@example.com", "ann@example.com"):
        CountingHasher.count = 0
        assert api.post("/token/pair", {"email": email, "password": "wrong"}).status_code == 401
        counts.append(CountingHasher.count)
    assert counts == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_an_account_deleted_during_the_password_check_is_unknown(
    api: Api, ann: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PASSWORD_HASHERS = ["tests.accounts.hashers.SlowHasher"]
    monkeypatch.setattr(SlowHasher, "meanwhile", Account.objects.get().user.delete)
    answer = api.post("/token/pair", {"email": "ann@example.com", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
    assert not Session.objects.exists()


@pytest.mark.parametrize("way", ["sign in", "change the address", "sign in wrongly"])
def test_rehashing_a_password_keeps_the_sessions(api: Api, ann: Person, settings: Settings, way: str) -> None:
    before = Account.objects.get().user.password
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher", *settings.PASSWORD_HASHERS]
    if way == "change the address":
        assert ann.api.patch("/auth/email", {"email": "new@example.com", "password": PASSWORD}).status_code == 202
    else:
        password = PASSWORD if way == "sign in" else "wrong"
        api.post("/token/pair", {"email": "ann@example.com", "password": password})
    assert (Account.objects.get().user.password == before) == (way == "sign in wrongly")
    assert ann.api.get("/users/me").status_code == 200
    assert api.post("/token/refresh", {"refresh": ann.refresh}).status_code == 200


def test_signing_in_runs_four_statements_and_the_one_that_records_last_login(
    api: Api, ann: Person, settings: Settings, count_queries: CountQueries
) -> None:
    settings.NINJA_ORGKIT = {"THROTTLING": False}
    with count_queries() as queries:
        api.post("/token/pair", {"email": "ann@example.com", "password": PASSWORD})
    assert len(statements_in(queries)) == 5
    (update,) = (sql for sql in statements_in(queries) if sql.startswith("UPDATE"))
    written = update.partition(" SET ")[2].partition(" WHERE ")[0]
    assert ("last_login" in written, "," in written) == (True, False)
    settings.NINJA_ORGKIT["UPDATE_LAST_LOGIN"] = False
    with count_queries() as queries:
        api.post("/token/pair", {"email": "ann@example.com", "password": PASSWORD})
    assert len(statements_in(queries)) == 4
    assert not any("last_login = " in sql for sql in statements_in(queries))


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_a_refused_sign_in_does_the_same_for_known_and_unknown_accounts(
    api: Api, ann: Person, settings: Settings, count_queries: CountQueries, password: str
) -> None:
    settings.NINJA_ORGKIT = {"THROTTLING": False}
    done = []
    for name in ("ann@example.com", "nobody@example.com"):
        if password == PASSWORD:
            User.objects.update(is_active=False)
        with count_queries() as queries:
            assert api.post("/token/pair", {"email": name, "password": password}).status_code == 401
        done.append([sql.partition(" ")[0] for sql in statements_in(queries)])
    assert done[0] == done[1]
    assert "INSERT" in done[0]


@pytest.mark.parametrize("name", ["annlee", "nobody"])
def test_all_spellings_of_a_known_or_unknown_username_share_one_limit(api: Api, ann: Person, name: str) -> None:
    spellings = [name, name.upper(), ".".join(name), "_".join(name), "-".join(name), f" {name} ", name.title()]
    for spelling in [*spellings, *spellings][:10]:
        assert api.post("/token/pair", {"username": spelling, "password": "wrong"}).status_code == 401
    for spelling in spellings:
        answer = api.post("/token/pair", {"username": spelling, "password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
        assert int(answer["Retry-After"]) > 0


@pytest.mark.parametrize("name", ["ann@example.com", "nobody@example.com"])
def test_all_spellings_of_a_known_or_unknown_address_share_one_limit(api: Api, ann: Person, name: str) -> None:
    spellings = [name, name.upper(), f" {name}", name.replace("@", "\uff20"), name.title()]
    for spelling in [*spellings, *spellings]:
        assert api.post("/token/pair", {"email": spelling, "password": "wrong"}).status_code == 401
    for spelling in spellings:
        assert api.post("/token/pair", {"email": spelling, "password": PASSWORD}).status_code == 429


def test_each_address_has_its_own_limit_and_a_success_does_not_reset_it(api: Api, ann: Person) -> None:
    for _ in range(10):
        assert api.post("/token/pair", {"email": "ann@example.com", "password": PASSWORD}).status_code == 200
    assert api.post("/token/pair", {"email": "ann@example.com", "password": PASSWORD}).status_code == 429
    assert api.post("/token/pair", {"email": "a.n.n@example.com", "password": "wrong"}).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"password": PASSWORD},
        {"email": "ann@example.com"},
        {"email": "ann@example.com", "username": "annlee", "password": PASSWORD},
        {"email": 7, "password": PASSWORD},
        {"email": "ann@example.com", "password": PASSWORD, "remember": True},
        {"email": "ann@example.com", "password": "a\x00b"},
        {"email": "ann\x00@example.com", "password": PASSWORD},
        [],
    ],
)
def test_an_invalid_body_is_refused_without_repeating_the_password(api: Api, ann: Person, body: Any) -> None:
    answer = api.post("/token/pair", body)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "validation_error"
    assert PASSWORD not in answer.content.decode()
    assert all(error["loc"][0] == "body" for error in answer.json()["errors"])


def test_unverified_accounts_cannot_sign_in_where_verification_is_mandatory(
    api: Api, ann: Person, settings: Settings
) -> None:
    settings.NINJA_ORGKIT = {"EMAIL_VERIFICATION": "mandatory"}
    right = api.post("/token/pair", {"email": "ann@example.com", "password": PASSWORD})
    wrong = api.post("/token/pair", {"email": "ann@example.com", "password": "nothing-like-it"})
    assert (right.status_code, right.json()["code"]) == (401, "email_not_verified")
    assert wrong.json()["code"] == "invalid_credentials"


def test_tokens_contain_the_slug_and_the_session_and_no_integer_key(api: Api, ann: Person) -> None:
    claims = jwt.decode(ann.refresh, options={"verify_signature": False})
    assert set(claims) == {"sub", "sid", "token_type", "iat", "exp", "jti", "gen"}
    assert claims["sub"] == ann.slug
    assert str(Session.objects.get().pk) == claims["sid"]
    access = jwt.decode(ann.access, options={"verify_signature": False})
    assert set(access) == set(claims)
    assert access["exp"] - access["iat"] == 15 * 60


def test_tokens_contain_the_issuer_and_audience_of_the_host_and_both_are_checked(
    api: Api, ann: Person, settings: Settings
) -> None:
    settings.NINJA_JWT = {"ISSUER": "me", "AUDIENCE": "mine"}
    pair = api.post("/token/pair", {"email": "ann@example.com", "password": PASSWORD}).json()
    for token in (pair["access"], pair["refresh"]):
        claims = jwt.decode(token, options={"verify_signature": False})
        assert set(claims) == {"sub", "sid", "token_type", "iat", "exp", "jti", "gen", "iss", "aud"}
        assert (claims["iss"], claims["aud"]) == ("me", "mine")
    assert api.post("/token/verify", {"token": pair["access"]}).status_code == 200
    settings.NINJA_JWT = {"ISSUER": "you", "AUDIENCE": "mine"}
    assert api.post("/token/verify", {"token": pair["access"]}).status_code == 401


_READ = """
import sys
import django
django.setup()
from ninja_orgkit.accounts import tokens
for token in sys.argv[1:]:
    try:
        print(tokens.read_jwt(token).sub)
    except Exception as error:
        print(type(error).__name__)
"""


@pytest.mark.slow
@pytest.mark.once
def test_environment_variables_do_not_influence_tokens(ann: Person) -> None:
    """ninja-jwt reads some when it is imported, so this takes a new process."""
    key = "known-to-everybody-who-reads-this-line"
    names = {"SIGNING_KEY": key, "VERIFYING_KEY": key, "ALGORITHM": "none", "ISSUER": "evil", "AUDIENCE": "evil"}
    claims = jwt.decode(ann.access, options={"verify_signature": False})
    forged = [jwt.encode(claims, key, algorithm="HS256"), jwt.encode(claims, "", algorithm="none")]

    command = [sys.executable, "-c", _READ, ann.access, *forged]
    done = subprocess.run(command, env=environment(**names), capture_output=True, text=True, check=True)
    assert done.stdout.split() == [ann.slug, "InvalidJwt", "InvalidJwt"]


def test_a_user_made_by_the_host_can_sign_in(api: Api, django_user_model: type[User]) -> None:
    django_user_model.objects.create_user(username="host", email="host@example.com", password=PASSWORD)
    answer = api.post("/token/pair", {"email": "host@example.com", "password": PASSWORD})
    assert answer.status_code == 200
    assert Account.objects.get(slug=answer.json()["user"]["slug"]).personal_organization.type == "personal"


@pytest.mark.parametrize("hop", ["203.0.113.9", "2001:db8::1", "x" * 300, "unknown"])
def test_any_client_address_from_a_proxy_can_sign_in(api: Api, ann: Person, settings: Settings, hop: str) -> None:
    settings.NINJA_ORGKIT = {"TRUSTED_PROXIES": 1}
    body = {"email": "ann@example.com", "password": PASSWORD}
    answer = api.post("/token/pair", body, headers={"X-Forwarded-For": hop})
    assert answer.status_code == 200
    latest = api.as_user(answer.json()["access"]).get("/auth/sessions").json()["items"][0]
    assert latest["address"] == hop[:45]


def test_a_second_user_with_the_same_address_signs_in_by_username_only(
    api: Api, ann: Person, django_user_model: type[User]
) -> None:
    django_user_model.objects.create_user(username="other", email="ANN@example.com", password="another-Pass-2")
    assert Account.objects.get(username="other").email_key is None
    assert api.post("/token/pair", {"email": "ann@example.com", "password": "another-Pass-2"}).status_code == 401
    assert api.post("/token/pair", {"username": "other", "password": "another-Pass-2"}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_only_one_of_several_users_created_at_once_owns_their_address(django_user_model: type[User]) -> None:
    def make(number: int) -> None:
        django_user_model.objects.create_user(f"user{number}", "same@example.com")

    in_parallel(6, make)
    assert django_user_model.objects.count() == 6
    assert Account.objects.filter(email_key="same@example.com").count() == 1
    assert Account.objects.filter(email_key=None).count() == 5


def test_a_username_that_becomes_too_long_when_normalised_is_refused(
    api: Api, settings: Settings, django_user_model: type[User]
) -> None:
    settings.NINJA_ORGKIT = {"USERNAME_PATTERN": r"[\w.-]+"}
    name = "\ufdfa" * 30
    assert api.get("/users/check_username", username=name).json()["reason"] == "invalid"
    body = {"email": "bob@example.com", "password": PASSWORD, "username": name}
    assert api.post("/auth/register", body).status_code == 422
    user = django_user_model.objects.create(username=name, email="bob@example.com")
    assert (user.orgkit_account.username, user.orgkit_account.username_key) == (name, None)


def test_a_token_signed_by_a_server_with_a_faster_clock_is_accepted(api: Api, ann: Person) -> None:
    session = Session.objects.get()
    session.refreshed_at = timezone.now() + timedelta(seconds=1)
    assert api.as_user(tokens.mint_pair(session).access).get("/users/me").status_code == 200


@pytest.mark.once
def test_a_token_that_was_accepted_expires(api: Api, ann: Person) -> None:
    session = Session.objects.get()
    session.refreshed_at = timezone.now() + timedelta(seconds=1) - tokens.access_lifetime()
    client = api.as_user(tokens.mint_pair(session).access)
    assert client.get("/users/me").status_code == 200
    assert wait_until(lambda: client.get("/users/me").status_code == 401, seconds=5)


@pytest.mark.parametrize("path", ["/token/pair", "/token/refresh", "/auth/register", "/auth/change-password"])
def test_no_cache_stores_an_answer_with_tokens(api: Api, register: Register, path: str) -> None:
    ann = register(email="ann@example.com")
    body = {
        "/token/pair": {"email": ann.email, "password": ann.password},
        "/token/refresh": {"refresh": ann.refresh},
        "/auth/register": {"email": "bea@example.com", "password": "correct horse battery"},
        "/auth/change-password": {"old_password": ann.password, "new_password": "staple battery horse"},
    }[path]
    response = ann.api.post(path, body)
    assert response.status_code in (200, 201)
    assert response["Cache-Control"] == "no-store"


def test_an_expired_token_is_not_a_guess_and_does_not_count_against_the_address(
    api: Api, register: Register, settings: Settings
) -> None:
    ann = register(email="ann@example.com")
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "THROTTLES": {"bearer.address": "1/h"}}
    expired = tokens.mint_pair(_session_of_the_past(ann)).access
    assert [api.as_user(expired).get("/users/me").status_code for _ in range(3)] == [401, 401, 401]
    assert [api.as_user("guessed").get("/users/me").status_code for _ in range(2)] == [401, 429]


def test_the_token_of_an_ended_session_does_not_count_against_the_address(
    api: Api, register: Register, settings: Settings
) -> None:
    ann = register(email="ann@example.com")
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "THROTTLES": {"bearer.address": "1/h"}}
    ann.api.post("/auth/logout-all")
    assert [ann.api.get("/users/me").status_code for _ in range(3)] == [401, 401, 401]


def _session_of_the_past(person: Person) -> Session:
    session = Session.objects.get(account__slug=person.slug)
    session.refreshed_at -= timedelta(days=1)
    return session
