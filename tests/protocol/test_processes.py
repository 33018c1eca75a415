"""Throttles and idempotency keys work across two web servers that share a database or a cache."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from ninja_orgkit.contacts.models import Contact
from tests.conftest import Register
from tests.servers.processes import Web

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

AT_ONCE = 32


@pytest.fixture(params=["database"])
def servers(
    request: pytest.FixtureRequest, process_environment: dict[str, str], valkey_url: str, tmp_path: Path
) -> Iterator[list[Web]]:
    """Start two web servers that count in the database, or in a shared cache."""
    cache = {"ORGKIT_TEST_CACHE_URL": valkey_url} if request.param == "cache" else {}
    found = [Web(log=tmp_path / f"web-{name}.log", environment={**process_environment, **cache}) for name in "ab"]
    with ThreadPoolExecutor(len(found)) as pool, ExitStack() as stack:
        for server in found:
            stack.callback(server.stop)
        list(pool.map(Web.start, found))
        yield found


def _post(url: str, body: dict[str, Any], **headers: str) -> tuple[int, dict[str, str]]:
    sent = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, data=json.dumps(body).encode(), headers=sent)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, dict(response.headers)
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, dict(exc.headers)


def _at_once(times: int, act: Callable[[int], tuple[int, dict[str, str]]]) -> list[tuple[int, dict[str, str]]]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(act, range(times)))


@pytest.mark.parametrize("servers", ["database", pytest.param("cache", marks=pytest.mark.once)], indirect=True)
def test_two_servers_let_exactly_ten_of_two_hundred_requests_through_a_limit_of_ten(servers: list[Web]) -> None:
    body = {"email": "nobody@example.com", "password": "wrong"}
    answers = _at_once(200, lambda number: _post(f"{servers[number % 2].url}/api/v1/token/pair", body))
    assert Counter(status for status, _ in answers) == {401: 10, 429: 190}
    waits = [int(headers["Retry-After"]) for status, headers in answers if status == 429]
    assert 1 <= min(waits) <= max(waits) <= 60


def test_sixteen_concurrent_requests_with_one_key_make_one_object(servers: list[Web], register: Register) -> None:
    person = register()
    body = {"organization": person.org, "display_name": "Bob"}
    headers = {"Authorization": f"Bearer {person.access}", "Idempotency-Key": "4f1c"}
    answers = _at_once(16, lambda number: _post(f"{servers[number % 2].url}/api/v1/contacts/", body, **headers))
    assert set(Counter(status for status, _ in answers)) <= {201, 409}
    assert len({headers["Location"].partition("/contacts/")[2] for status, headers in answers if status == 201}) == 1
    assert Contact.objects.count() == 1


@pytest.mark.once
def test_refusing_a_body_unread_keeps_the_connection_open(web: Web) -> None:
    with closing(http.client.HTTPConnection(web.address, timeout=60)) as connection:
        for size in (100_000, 2_000_000):
            connection.request("POST", "/api/v1/contacts/", body=b" " * size)
            refused = connection.getresponse()
            refused.read()
            time.sleep(0.2)
            connection.request("GET", "/api/v1/health?live=1")
            following = connection.getresponse()
            following.read()
            assert (refused.status, following.status) == (401, 200)


@pytest.mark.once
def test_a_body_without_a_length_is_refused_instead_of_ignored(web: Web) -> None:
    with closing(http.client.HTTPConnection(web.address, timeout=60)) as connection:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/v1/auth/logout", body=iter([b"{}"]), headers=headers, encode_chunked=True)
        response = connection.getresponse()
        assert (response.status, json.loads(response.read())["code"]) == (411, "length_required")
