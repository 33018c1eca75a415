"""What happens when something goes wrong during an export."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from ninja_orgkit.exports import services
from ninja_orgkit.exports.archive.progress import Progress, Stopped
from ninja_orgkit.exports.jobs import builds, leases
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations.models import Organization
from tests.conftest import Mailbox, RunOutbox
from tests.exports.actions import create_image, get_job, replace_rows, start_export, stored_files
from tests.org import Org
from tests.parallel import in_parallel


def _silence() -> None:
    """Let the time of every lease run out."""
    ExportJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def _die_in_the_middle(job_id: str, media_root: Path) -> ExportJob:
    """Leave a job in the state of a worker that was killed while it stored the archive."""
    job = leases.claim(job_id)
    assert job is not None
    leases.record(job, file="exports/half.zip")
    path = media_root / job.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"half an arch")
    return job


def test_another_worker_finishes_the_job_of_one_that_died(org: Org, run_outbox: RunOutbox, media_root: Path) -> None:
    job_id = start_export(org)["id"]
    OutboxMessage.objects.all().delete()
    _die_in_the_middle(job_id, media_root)
    services.revive_exports()
    assert run_outbox() == 0
    assert get_job(org, job_id)["status"] == "running"
    _silence()
    services.revive_exports()
    assert get_job(org, job_id)["status"] == "queued"
    run_outbox()
    job = get_job(org, job_id)
    assert (job["status"], ExportJob.objects.get().attempts) == ("ready", 2)
    assert stored_files(media_root) == [ExportJob.objects.get().file.removeprefix("exports/")]


def test_a_worker_that_lost_its_lease_changes_nothing(org: Org, media_root: Path) -> None:
    job_id = start_export(org)["id"]
    late = leases.claim(job_id)
    assert late is not None
    _silence()
    builds.run(job_id)
    assert get_job(org, job_id)["status"] == "ready"
    with pytest.raises(Stopped):
        leases.finish(late, size=1, sha256="0" * 64, units=1)
    with pytest.raises(Stopped):
        leases.Heartbeat(late, Progress()).beat()
    leases.fail(late)
    leases.put_back(late)
    assert get_job(org, job_id)["status"] == "ready"
    assert len(stored_files(media_root)) == 1


def test_a_message_delivered_twice_makes_one_archive(org: Org, media_root: Path) -> None:
    job_id = start_export(org)["id"]
    builds.run(job_id)
    first = get_job(org, job_id)
    builds.run(job_id)
    assert get_job(org, job_id) == first
    assert len(stored_files(media_root)) == 1


def test_a_lost_message_is_sent_again(org: Org, run_outbox: RunOutbox) -> None:
    job_id = start_export(org)["id"]
    OutboxMessage.objects.all().delete()
    services.revive_exports()
    assert not OutboxMessage.objects.filter(task="orgkit.exports.run").exists()
    _silence()
    services.revive_exports()
    services.revive_exports()
    assert OutboxMessage.objects.filter(task="orgkit.exports.run").count() == 1
    run_outbox()
    assert get_job(org, job_id)["status"] == "ready"


def test_a_job_that_kills_three_workers_fails(
    org: Org, run_outbox: RunOutbox, mailbox: Mailbox, media_root: Path
) -> None:
    run_outbox()
    job_id = start_export(org)["id"]
    run = OutboxMessage.objects.filter(task="orgkit.exports.run")
    for _ in range(3):
        run.delete()
        _die_in_the_middle(job_id, media_root)
        _silence()
        services.revive_exports()
    job = get_job(org, job_id)
    assert (job["status"], job["download_url"]) == ("failed", None)
    assert job["error"]
    assert not run.exists()
    _silence()
    services.revive_exports()
    mailbox.clear()
    run_outbox()
    assert [mail.subject for mail in mailbox] == ["The export of Acme failed"]
    assert stored_files(media_root) == []
    assert start_export(org)["id"] != job_id


def test_a_defect_fails_the_job_without_revealing_details(
    org: Org, isolated_registry: None, run_outbox: RunOutbox, mailbox: Mailbox, media_root: Path
) -> None:
    def broken(organization: Organization) -> Iterator[Any]:
        yield {"sku": "mug-1", "name": "Mug", "price": "1"}
        raise ValueError("a secret detail")

    replace_rows("shop.product", broken)
    run_outbox()
    mailbox.clear()
    job_id = start_export(org)["id"]
    run_outbox()
    job = get_job(org, job_id)
    assert job["status"] == "failed"
    assert "secret" not in job["error"]
    assert [mail.to for mail in mailbox] == [["olga@example.com"]]
    assert job["error"] in mailbox[0].body
    assert "secret" not in mailbox[0].body
    assert stored_files(media_root) == []
    assert start_export(org)["id"] != job_id


def test_a_storage_outage_puts_the_job_back_into_the_queue(org: Org, run_outbox: RunOutbox, media_root: Path) -> None:
    create_image(org, "Harbour")
    folder = media_root / "exports"
    folder.write_bytes(b"in the way")
    job_id = start_export(org)["id"]
    run_outbox()
    assert get_job(org, job_id)["status"] == "queued"
    folder.unlink()
    _silence()
    services.revive_exports()
    run_outbox()
    assert get_job(org, job_id)["status"] == "ready"
    assert len(stored_files(media_root)) == 1


@pytest.mark.parametrize("place", ["", "images"])
def test_unreachable_pictures_put_the_job_back_instead_of_counting_as_missing(
    org: Org, run_outbox: RunOutbox, media_root: Path, tmp_path: Path, place: str
) -> None:
    create_image(org, "Harbour")
    folder = media_root / place
    away = folder.rename(tmp_path / "away")
    folder.write_bytes(b"in the way")
    job_id = start_export(org)["id"]
    run_outbox()
    assert get_job(org, job_id)["status"] == "queued"
    folder.unlink()
    away.rename(folder)
    _silence()
    services.revive_exports()
    run_outbox()
    assert get_job(org, job_id)["status"] == "ready"


def test_a_long_storage_outage_fails_the_job(org: Org, run_outbox: RunOutbox, media_root: Path) -> None:
    media_root.mkdir(parents=True)
    (media_root / "exports").write_bytes(b"in the way")
    job_id = start_export(org)["id"]
    for _ in range(3):
        run_outbox()
        _silence()
        services.revive_exports()
    assert get_job(org, job_id)["status"] == "failed"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_keeps_the_lease_during_long_work(org: Org, isolated_registry: None, settings: Settings) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "EXPORT_LEASE": timedelta(seconds=1)}
    job_id = start_export(org)["id"]
    tried = []

    def slow(organization: Organization) -> Iterator[dict[str, Any]]:
        for number in range(25):
            time.sleep(0.1)
            yield {"sku": f"mug-{number}", "name": "Mug", "price": "1"}
        # Twice the lease has passed, and still nobody else can claim the job.
        tried.extend(in_parallel(2, lambda _: leases.claim(job_id)))

    replace_rows("shop.product", slow)
    builds.run(job_id)
    assert tried == [None, None]
    assert get_job(org, job_id)["status"] == "ready"
    assert ExportJob.objects.get().attempts == 1
