"""Throttling is exact, treats known and unknown accounts alike, and says when to retry."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from ninja_orgkit.errors import Throttled
from ninja_orgkit.models import ThrottleCounter
from ninja_orgkit.protocol import throttling
from ninja_orgkit.protocol.clients import client_address
from ninja_orgkit.protocol.throttling import network_of
from tests.client import Api
from tests.conftest import Register
from tests.parallel import in_parallel

pytestmark = pytest.mark.django_db

PASSWORD = "sturdy-Pass-1"


def passes(scope: str = "login.account", key: str = "k") -> Any:
    try:
        throttling.throttle(scope, key)
    except Throttled as exc:
        return int(exc.headers["Retry-After"])
    return 0


def test_the_eleventh_sign_in_attempt_is_refused_for_known_and_unknown_accounts(api: Api, register: Register) -> None:
    register(email="ann@example.com", password=PASSWORD)
    for email in ("ann@example.com", "nobody@example.com"):
        answers = [api.post("/token/pair", {"email": email, "password": "wrong"}) for _ in range(11)]
        assert [answer.status_code for answer in answers] == [401] * 10 + [429]
        assert answers[-1].json()["code"] == "throttled"
        assert 1 <= int(answers[-1]["Retry-After"]) <= 60


def test_success_spelling_and_forwarded_addresses_do_not_reset_the_count(api: Api, register: Register) -> None:
    register(email="ann@example.com", password=PASSWORD)
    for number in range(10):
        spelled = "ANN@example.com" if number % 2 else " ann@example.com"
        answer = api.post(
            "/token/pair", {"email": spelled, "password": PASSWORD}, headers={"X-Forwarded-For": str(number)}
        )
        assert answer.status_code == 200
    assert api.post("/token/pair", {"email": "ann@example.com", "password": PASSWORD}).status_code == 429


def test_invalid_bearer_tokens_count_and_missing_ones_do_not(api: Api, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"THROTTLES": {"bearer.address": "3/min"}}
    assert [api.get("/users/me").status_code for _ in range(5)] == [401] * 5
    assert [api.as_user("x").get("/users/me").status_code for _ in range(5)] == [401] * 3 + [429] * 2


def test_the_count_starts_again_after_a_window() -> None:
    assert [passes() for _ in range(11)][:10] == [0] * 10
    counter = ThrottleCounter.objects.get()
    counter.began -= 60
    counter.save()
    assert passes() == 0
    assert ThrottleCounter.objects.get().count == 1


def test_retry_after_never_exceeds_a_window_even_if_clocks_differ() -> None:
    assert [passes() for _ in range(10)] == [0] * 10
    counter = ThrottleCounter.objects.get()
    counter.began += 5
    counter.save()
    assert passes() == 60


def test_keys_are_not_stored_in_plain_text() -> None:
    passes(key="ann@example.com")
    assert "ann" not in ThrottleCounter.objects.get().key


def test_throttling_can_be_switched_off(settings: Settings) -> None:
    settings.NINJA_ORGKIT = {"THROTTLING": False}
    assert [passes() for _ in range(20)] == [0] * 20


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "9.9.9.9", "127.0.0.1"),
        (1, "9.9.9.9", "9.9.9.9"),
        (1, "6.6.6.6, 9.9.9.9", "9.9.9.9"),
        (2, "6.6.6.6, 9.9.9.9", "6.6.6.6"),
        (2, "", "127.0.0.1"),
        (1, "9.9.9.9:51000", "9.9.9.9"),
        (1, "[2001:db8::1]:51000", "2001:db8::1"),
        (1, "[2001:db8::1]", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "::1", "::1"),
        (1, "unknown:", "unknown:"),
    ],
)
def test_the_client_address_is_what_the_outermost_trusted_proxy_saw(
    rf: RequestFactory, settings: Settings, proxies: int, forwarded: str, expected: str
) -> None:
    settings.NINJA_ORGKIT = {"TRUSTED_PROXIES": proxies}
    request = rf.get("/", headers={"X-Forwarded-For": forwarded})
    assert client_address(request) == expected


def test_ipv6_clients_are_counted_by_network() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1")
    assert network_of("2001:db8::1") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:10.0.0.1") == "10.0.0.1"


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_never_exceed_the_limit() -> None:
    assert in_parallel(40, lambda _: passes()).count(0) == 10


def test_a_request_that_cannot_be_counted_is_refused(api: Api, settings: Settings) -> None:
    gone = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, "shared": gone}
    settings.NINJA_ORGKIT = {"THROTTLE_STORE": "shared"}
    answer = api.post("/token/pair", {"email": "ann@example.com", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "unavailable", "5")
