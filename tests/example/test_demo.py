"""One command starts the whole application, and one signal ends it."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.example.conftest import StartDemo
from tests.example.demo import Demo, call
from tests.example.running import end

pytestmark = [
    pytest.mark.slow,
    pytest.mark.once,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc"),
]


@dataclass(frozen=True)
class KilledDemo:
    """What was seen of a demo before its supervisor was killed, and what is left of it."""

    data: Path
    logins: dict[str, str]
    organizations: list[list[str]]
    left: dict[int, str]


@pytest.fixture(scope="module")
def killed_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KilledDemo]:
    """Start a demo, look at it and kill its supervisor, once for the tests of what is left and of what is kept."""
    folder = tmp_path_factory.mktemp("killed")
    demo = Demo(folder / "data", cwd=folder)
    try:
        api = demo.wait_until_ready()
        logins = demo.logins()
        organizations = [_organizations(api, *login) for login in logins.items()]
        _assert_pictures_become_ready(api, *next(iter(logins.items())))
        demo.process.kill()
        demo.process.wait()
        yield KilledDemo(demo.data, logins, organizations, demo.left_after(10))
    finally:
        end(demo)


def _pid(demo: Demo, *words: str) -> int:
    """Return the oldest process of a demo whose command has these words."""
    return min(pid for pid, command in demo.processes().items() if all(word in command for word in words))


def test_one_command_starts_everything_and_a_signal_ends_it(start_demo: StartDemo) -> None:
    demo = start_demo()
    api = demo.wait_until_ready()
    assert call(f"{api}/health")[1]["status"] == "ok"
    registered = {"email": "new@example.com", "password": "correct horse battery"}
    status, body = call(f"{api}/auth/register", registered)
    assert status == 201, body
    assert call(f"{api}/users/me", token=body["access"])[1]["email"] == "new@example.com"
    assert "/verify-email?token=" in demo.wait_for_mail("new@example.com").read_text()
    _assert_pages(api)
    commands = " ".join(demo.processes().values())
    assert all(word in commands for word in ("valkey", "worker", "beat", "gunicorn"))
    assert demo.stop() == 0
    assert demo.left_after(0) == {}
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{api}/health", timeout=5)


def _assert_pages(api: str) -> None:
    site = api.removesuffix("/api/v1")
    for path in (
        "/",
        "/api/v1/docs",
        "/admin/login/",
        "/static/admin/css/base.css",
        "/static/ninja/swagger-ui-bundle.js",
    ):
        assert call(f"{site}{path}")[0] == 200, path
    status, page = call(f"{api}/docs")
    assert b"//cdn" not in page
    status, problem = call(f"{site}/nowhere?{'x' * 6000}")
    assert (status, problem["code"]) == (404, "not_found")


def test_the_seeded_world_is_there_and_outlives_the_demo(killed_demo: KilledDemo, start_demo: StartDemo) -> None:
    logins, before = killed_demo.logins, killed_demo.organizations
    assert len(logins) == 2
    assert all("analytical-society" in slugs for slugs in before)

    again = start_demo(data=str(killed_demo.data))
    api = again.wait_until_ready()
    assert again.logins() == logins
    assert [_organizations(api, *login) for login in logins.items()] == before
    _assert_pictures_become_ready(api, *next(iter(logins.items())))
    assert again.stop() == 0


def _assert_pictures_become_ready(api: str, email: str, password: str) -> None:
    """Wait until the worker has made the renditions of what was seeded, and look at one."""
    _, pair = call(f"{api}/token/pair", {"email": email, "password": password})
    until = time.monotonic() + 60
    images: list[dict[str, Any]] = []
    while time.monotonic() < until:
        _, page = call(f"{api}/images/orgs/analytical-society/images/", token=pair["access"])
        images = page["items"]
        if images and all(image["status"] == "ready" for image in images):
            break
        time.sleep(0.2)
    assert [image["status"] for image in images] == ["ready"] * 6
    status, picture = call(images[0]["renditions"]["thumb"]["url"])
    assert (status, picture[8:12]) == (200, b"WEBP")
    _, contacts = call(f"{api}/contacts/?tag=vip", token=pair["access"])
    assert contacts["count"] == 5
    _, tags = call(f"{api}/orgs/analytical-society/tags/shop/product/difference-engine/", token=pair["access"])
    assert {tag["name"] for tag in tags["items"]} == {"VIP", "hardware"}


def _organizations(api: str, email: str, password: str) -> list[str]:
    """Return the slugs of somebody's organizations, who signs in for it."""
    status, pair = call(f"{api}/token/pair", {"email": email, "password": password})
    assert status == 200, pair
    _, me = call(f"{api}/users/me", token=pair["access"])
    return sorted(organization["slug"] for organization in me["organizations"])


def test_when_a_child_dies_everything_ends_with_an_error(start_demo: StartDemo) -> None:
    demo = start_demo("--no-seed")
    demo.wait_until_ready()
    assert demo.logins() == {}
    os.kill(_pid(demo, "celery", "worker"), signal.SIGKILL)
    assert demo.wait_until_ended() != 0
    assert "worker ended with exit code -9" in demo.printed()
    assert demo.left_after(0) == {}


def test_nothing_outlives_a_supervisor_that_is_killed(killed_demo: KilledDemo) -> None:
    assert killed_demo.left == {}


def test_a_signal_during_the_start_ends_it_too(start_demo: StartDemo) -> None:
    demo = start_demo()
    until = time.monotonic() + 30
    while not demo.processes() and time.monotonic() < until:
        time.sleep(0.05)
    demo.process.send_signal(signal.SIGINT)
    assert demo.wait_until_ended() == 0
    assert demo.left_after(0) == {}


def test_a_port_in_use_is_said_at_once(start_demo: StartDemo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        demo = start_demo("--port", str(other.getsockname()[1]))
        assert demo.wait_until_ended() == 1
    assert "Cannot listen on 127.0.0.1" in demo.printed()
    assert "Traceback" not in demo.printed()
