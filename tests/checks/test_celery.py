"""Problems with Celery and its broker are reported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery

from ninja_orgkit.background.retries import MAX_COUNTDOWN
from tests.celery import app as celery_app
from tests.checks.messages import found_by_id


@pytest.fixture
def current(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that makes another Celery app the current one."""
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)

    def _make(**configuration: Any) -> None:
        app = Celery("other", fixups=[])
        app.conf.update(configuration)
        app.set_current()

    yield _make
    celery_app.set_current()


def test_a_project_without_a_celery_app_gets_a_warning(current: Any) -> None:
    current()
    assert "__init__.py" in found_by_id()["orgkit.W023"]


@pytest.mark.parametrize("url", ["redis://127.0.0.1/0", "rediss://127.0.0.1/0", "sentinel://127.0.0.1:26379"])
def test_a_redis_broker_without_socket_timeouts_gets_a_warning(current: Any, url: str) -> None:
    current(broker_url=url)
    assert "socket_timeout" in found_by_id()["orgkit.W024"]
    current(broker_url=url, broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 5})
    assert found_by_id() == {}


@pytest.mark.parametrize("url", ["amqp://127.0.0.1//", "memory://", "filesystem://"])
def test_other_brokers_pass_without_socket_timeouts(current: Any, url: str) -> None:
    current(broker_url=url)
    assert found_by_id() == {}


def test_a_broker_whose_client_is_not_installed_is_an_error(current: Any) -> None:
    current(broker_url="zookeeper://127.0.0.1/")
    assert "ninja-orgkit[redis]" in found_by_id()["orgkit.E017"]


def test_a_periodic_task_of_an_app_that_is_not_installed_gets_a_warning(current: Any) -> None:
    schedule = {
        "one": {"task": "orgkit.reports.send", "schedule": 60.0},
        "two": {"task": "orgkit.outbox.drain", "schedule": 30.0},
        "three": {"task": "shop.of_the_host", "schedule": 60.0},
    }
    current(broker_url="memory://", beat_schedule=schedule)
    messages = found_by_id()
    assert list(messages) == ["orgkit.W049"]
    assert "'orgkit.reports.send'" in messages["orgkit.W049"]


@pytest.mark.parametrize(("visible", "found"), [(30, True), (MAX_COUNTDOWN, True), (MAX_COUNTDOWN + 1, False)])
def test_a_broker_that_repeats_waiting_tasks_is_reported(current: Any, visible: int, found: bool) -> None:
    options = {"socket_timeout": 5, "socket_connect_timeout": 5, "visibility_timeout": visible}
    current(broker_url="redis://redis:6379/0", broker_transport_options=options)
    assert ("orgkit.W052" in found_by_id()) is found
