"""The outbox under faults: no accepted task is lost or done twice, whichever process dies."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery.exceptions import Retry
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.background import outbox, receipts
from ninja_orgkit.models import OutboxMessage, TaskReceipt
from tests.client import Api
from tests.servers import valkey
from tests.servers.postgres import free_port
from tests.servers.processes import Worker
from tests.servers.smtp import SmtpServer
from tests.waiting import wait_until

VERIFICATION = "orgkit.accounts.mail_verification"
ENQUEUE = """
import os, signal, django
django.setup()
from django.db import transaction
from ninja_orgkit.background.outbox import enqueue
with transaction.atomic():
    transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
    enqueue("{task}", account="{account}")
"""


def _register(number: int) -> None:
    answer = Api().post("/auth/register", {"email": f"p{number}@example.com", "password": "correct horse battery"})
    assert answer.status_code == 201


def _mails(server: SmtpServer) -> Counter[str]:
    return Counter(str(message["To"]) for message in server.messages)


@contextmanager
def _working(environment: dict[str, str], folder: Path) -> Iterator[Worker]:
    worker = Worker(log=folder / "worker.log", environment=environment)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.worker
def test_a_broker_outage_loses_and_repeats_nothing(
    process_environment: dict[str, str], smtp_server: SmtpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    broker = f"redis://127.0.0.1:{port}/0"
    monkeypatch.setenv("CELERY_BROKER_URL", broker)
    environment = {**process_environment, "CELERY_BROKER_URL": broker, "ORGKIT_TEST_BROKER_URL": broker}
    before, meanwhile, after = range(10), range(10, 15), range(15, 19)

    begun = time.monotonic()
    for number in before:
        _register(number)
    assert time.monotonic() - begun < 10  # one attempt for all of them, and no retry
    assert OutboxMessage.objects.count() == len(before)

    with valkey.running(port), _working(environment, tmp_path):
        assert wait_until(lambda: sum(_mails(smtp_server).values()) >= len(before))
    for number in meanwhile:  # the broker is gone again, with all that it knew
        _register(number)
    with valkey.running(port), _working(environment, tmp_path):
        assert wait_until(lambda: sum(_mails(smtp_server).values()) >= len(before) + len(meanwhile))
        outbox.reset()
        for number in after:
            _register(number)
        assert wait_until(lambda: not OutboxMessage.objects.exists())
        everybody = {f"p{number}@example.com": 1 for number in (*before, *meanwhile, *after)}
        assert wait_until(lambda: len(_mails(smtp_server)) == len(everybody))
    assert _mails(smtp_server) == everybody


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.worker
def test_a_process_killed_between_commit_and_publish_loses_nothing(
    process_environment: dict[str, str], smtp_server: SmtpServer, tmp_path: Path, register: Callable[..., Any]
) -> None:
    person = register()
    OutboxMessage.objects.all().delete()
    script = ENQUEUE.format(task=VERIFICATION, account=person.slug)
    killed = subprocess.run([sys.executable, "-c", script], env=process_environment, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert OutboxMessage.objects.count() == 1
    with _working(process_environment, tmp_path):
        smtp_server.messages.clear()
        OutboxMessage.objects.update(available_at=timezone.now())
        assert outbox.drain() == 1
        smtp_server.wait_for(person.email)
        assert wait_until(lambda: not OutboxMessage.objects.exists())


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.worker
def test_a_message_delivered_twice_sends_one_mail(
    worker: Worker, smtp_server: SmtpServer, register: Callable[..., Any]
) -> None:
    first, last = register(), register()
    assert wait_until(lambda: len(smtp_server.messages) == 2)
    smtp_server.messages.clear()
    for person, message, times in ((first, uuid4(), 3), (last, uuid4(), 1)):
        for _ in range(times):
            _deliver(message, person.slug)
    smtp_server.wait_for(last.email)
    assert _mails(smtp_server) == {first.email: 1, last.email: 1}


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.worker
def test_another_worker_sends_the_mail_of_one_that_died_after_the_lease(
    worker: Worker, smtp_server: SmtpServer, register: Callable[..., Any]
) -> None:
    person = register()
    smtp_server.wait_for(person.email)
    smtp_server.messages.clear()
    until = timezone.now() + timedelta(seconds=2)
    message = uuid4()
    TaskReceipt.objects.create(id=str(message), lease_until=until)
    _deliver(message, person.slug)
    smtp_server.wait_for(person.email)
    assert timezone.now() >= until
    assert wait_until(lambda: TaskReceipt.objects.get(id=message).done)


@pytest.mark.django_db
def test_a_mail_that_fails_is_not_marked_as_done(
    run_outbox: Callable[[], int], register: Callable[..., Any], settings: Settings, mailbox: list[Any]
) -> None:
    person = register()
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "FRONTEND_PATHS": {"verify_email": None}}
    with pytest.raises(KeyError):
        run_outbox()
    assert [receipt.done for receipt in TaskReceipt.objects.all()] == [False]
    settings.NINJA_ORGKIT = {}
    assert run_outbox() == 1
    assert [mail.to for mail in mailbox] == [[person.email]]
    assert [receipt.done for receipt in TaskReceipt.objects.all()] == [True]


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["orgkit_taskreceipt", "orgkit_accounts_account"])
def test_a_mail_is_retried_after_a_database_outage(
    run_outbox: Callable[[], int], register: Callable[..., Any], mailbox: list[Any], part: str
) -> None:
    person = register()
    failures = iter([OperationalError("the server closed the connection unexpectedly")])

    def away(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if part in sql and (failure := next(failures, None)):
            raise failure
        return execute(sql, *args)

    with connection.execute_wrapper(away), pytest.raises(Retry):
        run_outbox()
    assert not mailbox
    assert run_outbox() == 1
    assert [mail.to for mail in mailbox] == [[person.email]]
    assert [receipt.done for receipt in TaskReceipt.objects.all()] == [True]


@pytest.mark.django_db
def test_receipts_are_kept_as_long_as_a_message_can_be_redelivered() -> None:
    now = timezone.now()
    for days in (0, 2, 4):
        TaskReceipt.objects.create(id=f"m{days}", lease_until=now - timedelta(days=days), done=True)
    assert receipts.purge() == 1
    assert sorted(TaskReceipt.objects.values_list("id", flat=True)) == ["m0", "m2"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_rollback_discards_the_tasks_of_the_transaction(broker: str) -> None:
    with transaction.atomic():
        outbox.enqueue(VERIFICATION, account="nobody")
        transaction.set_rollback(True)
    assert not OutboxMessage.objects.exists()
    assert not Account.objects.exists()


def _deliver(message: UUID, account: str) -> None:
    """Publish a message, which the outbox may know already or not."""
    assert outbox.send(OutboxMessage(id=message, task=VERIFICATION, kwargs={"account": account}))
