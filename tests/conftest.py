"""Fixtures for all tests. Tests that use a real server are marked ``slow``."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMultiAlternatives
from django.core.management.commands import flush
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from ninja_orgkit import registry
from ninja_orgkit.background import outbox
from ninja_orgkit.database.alias import kit_alias, kit_connection
from ninja_orgkit.health import probes
from ninja_orgkit.models import OutboxMessage
from tests import client, flushing
from tests.celery import app as celery_app
from tests.client import Api, Person
from tests.servers import processes, s3, valkey
from tests.servers.smtp import SmtpServer

pytest_plugins = ["tests.example.running", "tests.org"]

Register = Callable[..., Person]
RunOutbox = Callable[[], int]
CountQueries = Callable[[], AbstractContextManager[CaptureQueriesContext]]
Mailbox = list[EmailMultiAlternatives]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs PostgreSQL where a run has another database, and begin with what is slow.

    So no worker is left with a long test when the others have no more work.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if kit_connection().vendor == "postgresql":
        return
    left_out = [item for item in items if item.get_closest_marker("postgres")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session", autouse=True)
def _cheap_flush() -> Iterator[None]:
    """Let Django empty the database in the way of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "sql_flush", flushing.statements)
        patch.setattr(flush, "emit_post_migrate_signal", flushing.restore)
        yield


@pytest.fixture(scope="session")
def _storages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return paths for storages. The storage makes the folder with its first file; few tests write one."""
    parent = tmp_path_factory.mktemp("storages")
    return (parent / str(number) for number in itertools.count(1))


@pytest.fixture(autouse=True)
def media_root(settings: Any, _storages: Iterator[Path]) -> Path:
    """Give each test a storage of its own, and return its folder."""
    root = next(_storages)
    default = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(root)}}
    settings.STORAGES = {**settings.STORAGES, "default": default}
    return root


@pytest.fixture(autouse=True)
def _fresh_process() -> None:
    """Forget what an earlier test left in this process: the cache, the broker's state, and checks that still run."""
    cache.clear()
    outbox.reset()
    probes.reset()


@pytest.fixture(scope="module")
def shared_db(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Keep what fixtures of a module write for all its tests, none of which may use ``transactional_db``.

    Each test undoes what it writes itself, because its transaction is a savepoint in this one.
    """
    if wrong := [item.name for item in request.session.items if item.path == request.path and _commits(item)]:
        pytest.fail(f"These tests commit, so their module cannot share a database: {', '.join(wrong)}.")
    with django_db_blocker.unblock(), transaction.atomic(kit_alias()):
        yield
        transaction.set_rollback(True, kit_alias())


def _commits(item: pytest.Item) -> bool:
    """Tell whether a test has transactions of its own."""
    marker = item.get_closest_marker("django_db")
    asked = isinstance(item, pytest.Function) and "transactional_db" in item.fixturenames
    return asked or bool(marker and marker.kwargs.get("transaction"))


@pytest.fixture
def isolated_registry() -> Iterator[None]:
    """Undo the registrations of the test at its end."""
    with registry.isolated():
        yield


@pytest.fixture
def empty_registry() -> Iterator[None]:
    """Start the test without registered models and export kinds, and restore them at its end."""
    with registry.isolated(empty=True):
        yield


@pytest.fixture
def api() -> Api:
    """Return a client that is not signed in."""
    return Api()


@pytest.fixture
def register(db: None, api: Api) -> Register:
    """Return a function that registers somebody through the API."""
    numbers = itertools.count(1)

    def _register(email: str | None = None, password: str = "correct horse battery", **extra: Any) -> Person:
        address = email or f"person{next(numbers)}@example.com"
        response = api.post("/auth/register", {"email": address, "password": password, **extra})
        assert response.status_code == 201, response.content
        body = response.json()
        return Person(
            email=address,
            password=password,
            access=body["access"],
            refresh=body["refresh"],
            user=body["user"],
            api=api.as_user(body["access"]),
        )

    return _register


@pytest.fixture
def unique_host_email(transactional_db: None) -> Iterator[None]:
    """Let the host's table of users refuse an address that it has, for one test."""
    table = " ON auth_user" if connection.vendor == "mysql" else ""
    with connection.cursor() as cursor:  # not in a transaction, because this would commit one of MariaDB
        cursor.execute("CREATE UNIQUE INDEX host_email ON auth_user (email)")
        yield
        cursor.execute(f"DROP INDEX host_email{table}")


@pytest.fixture
def run_outbox(db: None) -> RunOutbox:
    """Return a function that runs the tasks in the outbox in this process, until none is left.

    It returns the number of tasks that ran; one that raises stays in the outbox and ends the run.
    """

    def _run() -> int:
        done = 0
        while message := OutboxMessage.objects.order_by("created_at").first():
            options = {"task_id": str(message.pk), "headers": {"orgkit_language": message.language}}
            celery_app.tasks[message.task].apply(kwargs=message.kwargs, throw=True, **options)
            message.delete()
            done += 1
        return done

    return _run


@pytest.fixture
def mailbox() -> Mailbox:
    """Return the mails that were sent in this process."""
    return cast(Mailbox, mail.outbox)


@pytest.fixture
def count_queries() -> CountQueries:
    """Return a context manager that records the statements of its block."""
    return client.count_queries


@pytest.fixture(scope="session")
def _valkey() -> Iterator[str]:
    with valkey.running() as url:
        yield url


@pytest.fixture
def valkey_url(_valkey: str) -> str:
    """Return the URL of an empty Valkey."""
    import redis  # takes long, and few processes need it

    with redis.Redis.from_url(_valkey) as connection:
        connection.flushall()
    return _valkey


@pytest.fixture
def broker(valkey_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let this process publish tasks to a Valkey, and return its URL. Only the fixture ``worker`` runs them."""
    monkeypatch.setenv("CELERY_BROKER_URL", valkey_url)
    outbox.reset()
    return valkey_url


@pytest.fixture(scope="session")
def _smtp() -> Iterator[SmtpServer]:
    server = SmtpServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def smtp_server(_smtp: SmtpServer) -> SmtpServer:
    """Return an SMTP server that has no mail yet."""
    _smtp.clear()
    return _smtp


@pytest.fixture
def process_environment(
    transactional_db: None, media_root: Path, broker: str, smtp_server: SmtpServer
) -> dict[str, str]:
    """Return the environment of a process that shares this test's database, files, broker and mail server."""
    return processes.environment(ORGKIT_TEST_BROKER_URL=broker, ORGKIT_TEST_SMTP=smtp_server.address)


@pytest.fixture
def worker(process_environment: dict[str, str], tmp_path: Path) -> Iterator[processes.Worker]:
    """Start a Celery worker in a process of its own."""
    process = processes.Worker(log=tmp_path / "worker.log", environment=process_environment)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def web(process_environment: dict[str, str], tmp_path: Path) -> Iterator[processes.Web]:
    """Start a web server in a process of its own."""
    process = processes.Web(log=tmp_path / "web.log", environment=process_environment)
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[s3.S3Server]:
    """Start an object store with the S3 protocol."""
    server = s3.S3Server()
    server.start()
    yield server
    server.stop()
