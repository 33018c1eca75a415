"""A whole deployment in small: a web server, a broker, a worker, a mail server and an object store."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction

from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.models import OutboxMessage
from tests.servers.processes import Web, Worker
from tests.servers.s3 import S3Server
from tests.servers.smtp import SmtpServer
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.once]


@pytest.mark.worker
def test_registering_over_http_makes_the_worker_send_a_mail(web: Web, worker: Worker, smtp_server: SmtpServer) -> None:
    body = json.dumps({"email": "ann@example.com", "password": "correct horse battery"}).encode()
    request = urllib.request.Request(
        f"{web.url}/api/v1/auth/register", data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as response:
        assert response.status == 201
    assert "ann@example.com" in str(smtp_server.wait_for("ann@example.com")["To"])


@pytest.mark.worker
def test_a_task_runs_only_after_the_transaction_that_queued_it(worker: Worker, media_root: Path) -> None:
    name = storages["default"].save("note.txt", ContentFile(b"hello"))
    with transaction.atomic():
        enqueue("orgkit.files.delete", names=[name])
        assert (media_root / name).exists()
    assert wait_until(lambda: not (media_root / name).exists())
    assert wait_until(lambda: not OutboxMessage.objects.exists())


@pytest.mark.worker
def test_tasks_queued_during_a_broker_outage_run_when_a_worker_starts(
    media_root: Path, process_environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
    name = storages["default"].save("note.txt", ContentFile(b"hello"))
    with transaction.atomic():
        enqueue("orgkit.files.delete", names=[name])
    assert OutboxMessage.objects.count() == 1
    worker = Worker(log=tmp_path / "worker.log", environment=process_environment)
    worker.start()
    try:
        assert wait_until(lambda: not (media_root / name).exists()), worker.output()
    finally:
        worker.stop()


def test_files_can_be_stored_in_an_object_store(s3_server: S3Server, settings: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": s3_server.storage()}
    name = storages["default"].save("folder/note.txt", ContentFile(b"hello"))
    with storages["default"].open(name) as file:
        assert file.read() == b"hello"
    storages["default"].delete(name)
    assert not storages["default"].exists(name)
