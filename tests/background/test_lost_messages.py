"""A message stays recorded until its task is done, so nothing depends on the memory of the broker."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.utils import timezone

from ninja_orgkit.background import outbox
from ninja_orgkit.models import OutboxMessage
from tests.client import Api
from tests.conftest import Register
from tests.servers import valkey
from tests.servers.postgres import free_port
from tests.servers.processes import Worker
from tests.servers.smtp import SmtpServer
from tests.waiting import wait_until

VERIFICATION = "orgkit.accounts.mail_verification"


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.worker
def test_a_broker_that_loses_its_data_loses_no_mail(
    process_environment: dict[str, str],
    smtp_server: SmtpServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    register: Register,
) -> None:
    port = free_port()
    address = f"redis://127.0.0.1:{port}/0"
    monkeypatch.setenv("CELERY_BROKER_URL", address)
    outbox.reset()
    with valkey.running(port), redis.Redis.from_url(address) as queue:
        people = [register() for _ in range(8)]
        assert queue.llen("celery") == 8
    outbox.reset()
    environment = {**process_environment, "CELERY_BROKER_URL": address, "ORGKIT_TEST_BROKER_URL": address}
    worker = Worker(log=tmp_path / "worker.log", environment=environment)
    with valkey.running(port), redis.Redis.from_url(address) as queue:
        assert queue.llen("celery") == 0
        assert OutboxMessage.objects.count() == 8
        worker.start()
        try:
            assert outbox.drain() == 0  # too early: they may be on their way
            OutboxMessage.objects.update(available_at=timezone.now())
            assert outbox.drain() == 8
            assert wait_until(lambda: not OutboxMessage.objects.exists()), worker.output()
        finally:
            worker.stop()
    assert Counter(str(mail["To"]) for mail in smtp_server.messages) == {person.email: 1 for person in people}


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.worker
def test_a_mail_that_waits_long_for_the_mail_server_waits_in_the_outbox(
    process_environment: dict[str, str], broker: str, tmp_path: Path, register: Register, api: Api
) -> None:
    person = register()
    OutboxMessage.objects.all().delete()
    with redis.Redis.from_url(broker) as queue:
        queue.flushall()
        worker = Worker(
            log=tmp_path / "worker.log", environment={**process_environment, "ORGKIT_TEST_SMTP": "127.0.0.1:1"}
        )
        worker.start()
        try:
            soon, late, _ = (
                OutboxMessage.objects.create(task=VERIFICATION, kwargs={"account": person.slug}, retries=retries)
                for retries in (0, 5, 12)
            )
            assert outbox.drain() == 3
            assert wait_until(lambda: OutboxMessage.objects.filter(retries__in=(1, 6)).count() == 2), worker.output()
            assert wait_until(lambda: OutboxMessage.objects.count() == 2)  # the last attempt is the end
        finally:
            worker.stop()
        kept = {message.pk: message for message in OutboxMessage.objects.all()}
        assert kept.keys() == {soon.pk, late.pk}
        pauses = {key: (message.available_at - timezone.now()).total_seconds() for key, message in kept.items()}
        assert 100 < pauses[late.pk] <= 160
        assert 40 < pauses[soon.pk] <= 65
        assert {message.waits_for for message in kept.values()} == {"mail"}
        assert str(late.pk) not in str([queue.lrange("celery", 0, -1), queue.hgetall("unacked")])
    assert "WARNING" in worker.output()
    assert f"{VERIFICATION} failed (ConnectionRefusedError). The next attempt is in 160 s." in worker.output()

    answer = api.get("/health").json()
    assert (answer["status"], answer["mail"]) == ("degraded", "unavailable")
    OutboxMessage.objects.all().delete()
    assert "mail" not in api.get("/health").json()


@pytest.mark.slow
def test_a_message_is_published_again_less_and_less_often(db: None, broker: str) -> None:
    now = timezone.now()
    leases = {}
    for age in (timedelta(0), timedelta(minutes=8), timedelta(days=3)):
        message = OutboxMessage.objects.create(task="some.task", created_at=now - age, available_at=now)
        leases[message.pk] = max(timedelta(minutes=1), min(age, timedelta(days=1)))
    assert outbox.drain() == 3
    for message in OutboxMessage.objects.all():
        assert abs(message.available_at - now - leases[message.pk]) < timedelta(seconds=10)
    assert outbox.drain() == 0


@pytest.mark.slow
def test_a_message_that_cannot_be_sent_keeps_no_other(db: None, broker: str) -> None:
    now = timezone.now()
    for number, kwargs in enumerate([{}, ["not", "a", "mapping"], {}]):
        OutboxMessage.objects.create(
            task=f"task.{number}", kwargs=kwargs, available_at=now + timedelta(microseconds=number)
        )
    outbox.drain()
    with redis.Redis.from_url(broker) as queue:
        assert queue.llen("celery") == 2
    assert outbox.drain() == 0
