"""``GET /health`` answers soon and says what works and what does not."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory, Client

from ninja_orgkit.health.middleware import answer_probes
from ninja_orgkit.media import storage
from tests.client import Api, count_queries

ALL_OK = {"database": "ok", "cache": "ok", "storage": "ok", "broker": "ok"}


@pytest.mark.slow
def test_everything_that_works_is_ok(db: None, api: Api, broker: str) -> None:
    response = api.get("/health")
    assert response.status_code == 200
    body = response.json()
    assert body.pop("version")
    assert body == {"status": "ok", "checks": ALL_OK}
    assert response["Cache-Control"] == "no-store"


def test_a_broker_outage_degrades_the_health(db: None, api: Api) -> None:
    response = api.get("/health")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["checks"] == {**ALL_OK, "broker": "unavailable"}


@pytest.mark.slow
def test_a_cache_outage_degrades_the_health(db: None, api: Api, broker: str, settings: Any) -> None:
    gone = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": gone}
    assert api.get("/health").json()["checks"] == {**ALL_OK, "cache": "unavailable"}


@pytest.mark.slow
def test_a_storage_outage_degrades_the_health(db: None, api: Api, broker: str, settings: Any) -> None:
    options = {
        "endpoint_url": "http://127.0.0.1:1",
        "bucket_name": "gone",
        "access_key": "nobody",
        "secret_key": "nothing",
        "region_name": "us-east-1",
    }
    gone = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": gone}
    response = api.get("/health")
    assert response.status_code == 200
    assert response.json()["checks"] == {**ALL_OK, "storage": "unavailable"}


def _storage_of(api: Api) -> str:
    checks = api.get("/health").json()["checks"]
    assert checks["database"] == checks["cache"] == "ok"
    return str(checks["storage"])


def test_a_storage_folder_that_does_not_exist_yet_is_ok(db: None, api: Api, settings: Any, tmp_path: Path) -> None:
    deep = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "a" / "b"}}
    settings.STORAGES = {**settings.STORAGES, "default": deep}
    assert _storage_of(api) == "ok"
    storage.save("images", "png", b"x")
    assert _storage_of(api) == "ok"


def test_a_storage_in_memory_is_ok(db: None, api: Api, settings: Any) -> None:
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": memory}
    assert _storage_of(api) == "ok"


@pytest.mark.parametrize("below", [False, True])
def test_a_file_in_place_of_the_storage_folder_degrades_the_health(
    db: None, api: Api, media_root: Path, settings: Any, below: bool
) -> None:
    media_root.write_text("in the way")
    if below:
        options = {"location": media_root / "below"}
        lost = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
        settings.STORAGES = {**settings.STORAGES, "default": lost}
    assert _storage_of(api) == "unavailable"


def test_a_broken_link_in_place_of_the_storage_folder_degrades_the_health(
    db: None, api: Api, media_root: Path, tmp_path: Path
) -> None:
    media_root.symlink_to(tmp_path / "not mounted")
    assert _storage_of(api) == "unavailable"


@pytest.mark.slow
@pytest.mark.once
def test_an_existing_bucket_is_ok_and_a_missing_one_degrades_the_health(
    db: None, api: Api, settings: Any, s3_server: Any
) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": s3_server.storage()}
    assert _storage_of(api) == "ok"
    settings.STORAGES = {**settings.STORAGES, "default": s3_server.storage(bucket_name="elsewhere")}
    assert _storage_of(api) == "unavailable"


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Return the address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.slow
def test_a_check_that_hangs_is_unavailable_after_seconds(
    db: None, api: Api, silent_server: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", f"redis://{silent_server}/0")
    hanging = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"redis://{silent_server}/0"}
    settings.CACHES = {"default": {**hanging, "OPTIONS": {"socket_timeout": 3}}}
    begun = time.monotonic()
    checks = api.get("/health").json()["checks"]
    assert time.monotonic() - begun < 4
    assert checks == {**ALL_OK, "cache": "unavailable", "broker": "unavailable"}


_ASK = """
import json
import django
django.setup()
from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory, Client
client = Client(raise_request_exception=False)
answers = {
    "health": client.get("/api/v1/health"),
    "sign in": client.post("/api/v1/token/pair", {"username": "ann", "password": "x"}, "application/json"),
    "media": client.get("/api/v1/media/x"),
    "username": client.get("/api/v1/users/check_username?username=ann"),
}
print(json.dumps({
    name: [answer.status_code, answer.get("Retry-After"), answer.content.decode()] for name, answer in answers.items()
}))
"""


@pytest.fixture(scope="module")
def without_a_database() -> dict[str, tuple[int, str | None, str]]:
    """Return the answers of a process without a database: status, ``Retry-After`` and body of each request."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "ORGKIT_TEST_DATABASE_URL": "postgres://somebody:secret@127.0.0.1:1/nowhere",
    }
    command = [sys.executable, "-c", _ASK]
    done = subprocess.run(command, check=True, env=environment, capture_output=True, text=True, timeout=60)
    answers: dict[str, tuple[int, str | None, str]] = json.loads(done.stdout)
    return answers


@pytest.mark.slow
def test_health_without_the_database_is_503(without_a_database: dict[str, tuple[int, str | None, str]]) -> None:
    status, retry_after, content = without_a_database["health"]
    assert (status, retry_after) == (503, "5")
    body = json.loads(content)
    assert body["status"] == "unavailable"
    assert body["checks"]["database"] == "unavailable"
    assert not any(word in content for word in ("127.0.0.1", "somebody", "nowhere", "refused"))


def test_the_liveness_check_runs_no_statement(db: None, api: Api) -> None:
    with count_queries() as queries:
        response = api.get("/health?live=1")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert len(queries) == 0


def test_health_needs_no_token_and_has_one_url(db: None) -> None:
    assert Client().get("/api/v1/health?live=1").status_code == 200
    assert Client().get("/api/v1/health/?live=1").status_code == 404
    assert Client().post("/api/v1/health").status_code == 405


@pytest.mark.slow
def test_routes_that_need_the_database_are_503_without_it(
    without_a_database: dict[str, tuple[int, str | None, str]],
) -> None:
    found = {
        name: (status, retry_after, json.loads(content)["code"])
        for name, (status, retry_after, content) in without_a_database.items()
        if name != "health"
    }
    assert found == {
        "sign in": (503, "5", "unavailable"),
        "media": (404, None, "not_found"),
        "username": (503, "5", "unavailable"),
    }


@pytest.fixture
def _probes_are_answered(db: None, settings: Any) -> None:
    settings.MIDDLEWARE = ["ninja_orgkit.health.middleware.answer_probes", *settings.MIDDLEWARE]
    settings.ALLOWED_HOSTS = ["testserver", "10.0.0.1"]


@pytest.mark.usefixtures("_probes_are_answered")
@pytest.mark.parametrize("host", ["10.1.2.3", "10.1.2.3:8000", "[fd00::7]", "[fd00::7]:8000", "10.0.0.1", "testserver"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_probe_may_send_an_address_as_host(host: str, method: str) -> None:
    response = Client().generic(method, "/api/v1/health?live=1", headers={"host": host})
    assert response.status_code == 200
    assert response.content == (b'{"status":"ok"}' if method == "GET" else b"")


@pytest.mark.usefixtures("_probes_are_answered")
@pytest.mark.parametrize(
    ("method", "path", "host"),
    [
        ("GET", "/api/v1/health", "evil.example"),
        ("GET", "/api/v1/health", "10.1.2.3.evil.example"),
        ("GET", "/api/v1/health", "[fd00::7"),
        ("POST", "/api/v1/health", "10.1.2.3"),
        ("GET", "/api/v1/users/check_username?username=ada", "10.1.2.3"),
        ("GET", "/api/v1/health/more", "10.1.2.3"),
        ("GET", "/admin/login/", "10.1.2.3"),
    ],
)
def test_other_requests_to_an_address_are_refused(method: str, path: str, host: str) -> None:
    assert Client(raise_request_exception=False).generic(method, path, headers={"host": host}).status_code == 400


@pytest.mark.usefixtures("_probes_are_answered")
def test_a_probe_without_a_host_is_answered() -> None:
    assert Client(SERVER_NAME="10.1.2.3").get("/api/v1/health?live=1").status_code == 200


@pytest.mark.usefixtures("_probes_are_answered")
@pytest.mark.parametrize(("host", "status"), [("10.1.2.3", 200), ("testserver", 418), ("evil.example", 418)])
def test_a_probe_is_answered_on_asgi(host: str, status: int) -> None:
    async def other(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=418)

    request = AsyncRequestFactory().get("/api/v1/health?live=1")
    request.META["HTTP_HOST"] = host
    assert async_to_sync(answer_probes(other))(request).status_code == status
