"""Throttling: exact, the same for known and unknown, and true about when to come back."""

from __future__ import annotations

import pytest

from ninja_orgkit.errors import Throttled
from ninja_orgkit.models import ThrottleCounter
from ninja_orgkit.protocol import throttling
from tests.parallel import in_parallel

pytestmark = pytest.mark.django_db

PASSWORD = "sturdy-Pass-1"


def passes(scope="login.account", key="k"):
    try:
        throttling.spend(scope, key)
    except Throttled as exc:
        return int(exc.headers["Retry-After"])
    return 0


def test_the_eleventh_attempt_on_an_account_is_refused_known_or_not(api, register):
    register(email="ann@example.com", password=PASSWORD)
    for email in ("ann@example.com", "nobody@example.com"):
        answers = [api.post("/token/pair", {"email": email, "password": "wrong"}) for _ in range(11)]
        assert [answer.status_code for answer in answers] == [401] * 10 + [429]
        assert answers[-1].json()["code"] == "throttled"
        assert 1 <= int(answers[-1]["Retry-After"]) <= 60


def test_neither_success_nor_spelling_nor_a_forwarded_address_clears_the_count(api, register):
    register(email="ann@example.com", password=PASSWORD)
    for number in range(10):
        spelled = "ANN@example.com" if number % 2 else " ann@example.com"
        answer = api.post(
            "/token/pair", {"email": spelled, "password": PASSWORD}, headers={"X-Forwarded-For": str(number)}
        )
        assert answer.status_code == 200
    assert api.post("/token/pair", {"email": "ann@example.com", "password": PASSWORD}).status_code == 429


def test_bad_bearer_tokens_count_and_missing_ones_do_not(api, settings):
    settings.NINJA_ORGKIT = {"THROTTLES": {"bearer.address": "3/min"}}
    assert [api.get("/users/me").status_code for _ in range(5)] == [401] * 5
    assert [api.as_user("x").get("/users/me").status_code for _ in range(5)] == [401] * 3 + [429] * 2


def test_a_window_begins_anew_after_its_time():
    assert [passes() for _ in range(11)][:10] == [0] * 10
    counter = ThrottleCounter.objects.get()
    counter.began -= 60
    counter.save()
    assert passes() == 0
    assert ThrottleCounter.objects.get().count == 1


def test_nobody_is_told_to_wait_longer_than_a_window_when_it_began_by_a_faster_clock():
    assert [passes() for _ in range(10)] == [0] * 10
    counter = ThrottleCounter.objects.get()
    counter.began += 5
    counter.save()
    assert passes() == 60


def test_keys_are_not_kept_in_clear():
    passes(key="ann@example.com")
    assert "ann" not in ThrottleCounter.objects.get().key


def test_it_can_be_switched_off(settings):
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
def test_the_client_is_who_the_outermost_trusted_proxy_saw(rf, settings, proxies, forwarded, expected):
    settings.NINJA_ORGKIT = {"TRUSTED_PROXIES": proxies}
    request = rf.get("/", headers={"X-Forwarded-For": forwarded})
    assert throttling.client_address(request) == expected


def test_an_ipv6_client_is_its_network():
    assert throttling.network_of("2001:db8::1") == throttling.network_of("2001:db8::ffff:1")
    assert throttling.network_of("2001:db8::1") != throttling.network_of("2001:db8:0:1::1")
    assert throttling.network_of("::ffff:10.0.0.1") == "10.0.0.1"


@pytest.mark.django_db(transaction=True)
def test_exactly_the_limit_gets_through_at_once():
    assert in_parallel(40, lambda _: passes()).count(0) == 10


def test_what_cannot_be_counted_has_to_wait(api, settings):
    gone = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, "shared": gone}
    settings.NINJA_ORGKIT = {"THROTTLE_STORE": "shared"}
    answer = api.post("/token/pair", {"email": "ann@example.com", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "unavailable", "5")
