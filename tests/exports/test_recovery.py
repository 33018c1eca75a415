"""What happens when things go wrong while an export is made."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from ninja_orgkit.exports import services
from ninja_orgkit.exports.archive.progress import Stopped
from ninja_orgkit.exports.jobs import builds, leases
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.models import OutboxMessage
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.registry import ExportKind
from tests.exports.conftest import Workspace, replace_rows, stored_files
from tests.parallel import in_parallel


def _silence() -> None:
    """Let the time of every lease run out."""
    ExportJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def _die_in_the_middle(job_id: str, media_root: Path) -> ExportJob:
    """Leave a job as a worker that was killed while it stored the archive would."""
    job = leases.claim(job_id)
    assert job is not None
    leases.record(job, file="exports/half.zip")
    path = media_root / job.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"half an arch")
    return job


def test_a_job_whose_worker_died_is_done_by_another_one(
    workspace: Workspace, run_outbox: Any, media_root: Path
) -> None:
    job_id = workspace.start()["id"]
    OutboxMessage.objects.all().delete()
    _die_in_the_middle(job_id, media_root)
    services.revive_exports()
    assert run_outbox() == 0
    assert workspace.job(job_id)["status"] == "running"
    _silence()
    services.revive_exports()
    assert workspace.job(job_id)["status"] == "queued"
    run_outbox()
    job = workspace.job(job_id)
    assert (job["status"], ExportJob.objects.get().attempts) == ("ready", 2)
    assert stored_files(media_root) == [ExportJob.objects.get().file.removeprefix("exports/")]


def test_a_worker_that_was_given_up_changes_nothing_when_it_comes_back(workspace: Workspace, media_root: Path) -> None:
    job_id = workspace.start()["id"]
    late = leases.claim(job_id)
    assert late is not None
    _silence()
    builds.run(job_id)
    assert workspace.job(job_id)["status"] == "ready"
    with pytest.raises(Stopped):
        leases.finish(late, size=1, sha256="0" * 64, units=1)
    with pytest.raises(Stopped):
        leases.Heartbeat(late, leases.Progress()).beat()
    leases.fail(late)
    leases.put_back(late)
    assert workspace.job(job_id)["status"] == "ready"
    assert len(stored_files(media_root)) == 1


def test_a_message_that_comes_twice_makes_one_archive(workspace: Workspace, media_root: Path) -> None:
    job_id = workspace.start()["id"]
    builds.run(job_id)
    first = workspace.job(job_id)
    builds.run(job_id)
    assert workspace.job(job_id) == first
    assert len(stored_files(media_root)) == 1


def test_a_lost_message_is_sent_again(workspace: Workspace, run_outbox: Any) -> None:
    job_id = workspace.start()["id"]
    OutboxMessage.objects.all().delete()
    services.revive_exports()
    assert not OutboxMessage.objects.filter(task="orgkit.exports.run").exists()
    _silence()
    services.revive_exports()
    services.revive_exports()
    assert OutboxMessage.objects.filter(task="orgkit.exports.run").count() == 1
    run_outbox()
    assert workspace.job(job_id)["status"] == "ready"


def test_a_job_that_kills_every_worker_is_given_up(
    workspace: Workspace, run_outbox: Any, mailbox: list[Any], media_root: Path
) -> None:
    run_outbox()
    job_id = workspace.start()["id"]
    run = OutboxMessage.objects.filter(task="orgkit.exports.run")
    for _ in range(3):
        run.delete()
        _die_in_the_middle(job_id, media_root)
        _silence()
        services.revive_exports()
    job = workspace.job(job_id)
    assert (job["status"], job["download_url"]) == ("failed", None)
    assert job["error"]
    assert not run.exists()
    _silence()
    services.revive_exports()
    mailbox.clear()
    run_outbox()
    assert [mail.subject for mail in mailbox] == ["The export of Acme failed"]
    assert stored_files(media_root) == []
    assert workspace.start()["id"] != job_id


def test_a_defect_fails_the_job_and_tells_nothing(
    workspace: Workspace, kinds: dict[str, ExportKind], run_outbox: Any, mailbox: list[Any], media_root: Path
) -> None:
    def broken(organization: Organization) -> Iterator[Any]:
        yield {"sku": "mug-1", "name": "Mug", "price": "1"}
        raise ValueError("a secret detail")

    replace_rows(kinds, "shop.product", broken)
    run_outbox()
    mailbox.clear()
    job_id = workspace.start()["id"]
    run_outbox()
    job = workspace.job(job_id)
    assert job["status"] == "failed"
    assert "secret" not in job["error"]
    assert [mail.to for mail in mailbox] == [["olga@example.com"]]
    assert job["error"] in mailbox[0].body
    assert "secret" not in mailbox[0].body
    assert stored_files(media_root) == []
    assert workspace.start()["id"] != job_id


def test_a_storage_that_is_away_puts_the_job_back(workspace: Workspace, run_outbox: Any, media_root: Path) -> None:
    workspace.add_image("Harbour")
    folder = media_root / "exports"
    folder.write_bytes(b"in the way")
    job_id = workspace.start()["id"]
    run_outbox()
    assert workspace.job(job_id)["status"] == "queued"
    folder.unlink()
    _silence()
    services.revive_exports()
    run_outbox()
    assert workspace.job(job_id)["status"] == "ready"
    assert len(stored_files(media_root)) == 1


@pytest.mark.parametrize("place", ["", "images"])
def test_pictures_that_cannot_be_reached_put_the_job_back_and_are_not_missing(
    workspace: Workspace, run_outbox: Any, media_root: Path, tmp_path: Path, place: str
) -> None:
    workspace.add_image("Harbour")
    folder = media_root / place
    away = folder.rename(tmp_path / "away")
    folder.write_bytes(b"in the way")
    job_id = workspace.start()["id"]
    run_outbox()
    assert workspace.job(job_id)["status"] == "queued"
    folder.unlink()
    away.rename(folder)
    _silence()
    services.revive_exports()
    run_outbox()
    assert workspace.job(job_id)["status"] == "ready"


def test_a_storage_that_stays_away_fails_the_job(workspace: Workspace, run_outbox: Any, media_root: Path) -> None:
    media_root.mkdir(parents=True)
    (media_root / "exports").write_bytes(b"in the way")
    job_id = workspace.start()["id"]
    for _ in range(3):
        run_outbox()
        _silence()
        services.revive_exports()
    assert workspace.job(job_id)["status"] == "failed"


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_keeps_the_lease_while_the_work_takes_long(
    workspace: Workspace, kinds: dict[str, ExportKind], settings: Any
) -> None:
    settings.NINJA_ORGKIT = {**settings.NINJA_ORGKIT, "EXPORT_LEASE": timedelta(seconds=1)}
    job_id = workspace.start()["id"]
    tried = []

    def slow(organization: Organization) -> Iterator[dict[str, Any]]:
        for number in range(25):
            time.sleep(0.1)
            yield {"sku": f"mug-{number}", "name": "Mug", "price": "1"}
        # Twice the lease has passed, and nobody else may begin.
        tried.extend(in_parallel(2, lambda _: leases.claim(job_id)))

    replace_rows(kinds, "shop.product", slow)
    builds.run(job_id)
    assert tried == [None, None]
    assert workspace.job(job_id)["status"] == "ready"
    assert ExportJob.objects.get().attempts == 1
