"""An export survives the death of a real worker."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.images.models import Image
from tests.exports.actions import create_image, start_export, stored_files
from tests.exports.archives import Unpacked
from tests.org import Org
from tests.servers.processes import Worker
from tests.servers.smtp import SmtpServer
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.worker, pytest.mark.django_db(transaction=True)]

LARGE = 600 * 2**20


def _is(status: str) -> bool:
    return ExportJob.objects.get().status == status


@pytest.mark.parametrize("stage", ["while it reads", "while it stores"])
def test_an_export_survives_the_death_of_its_worker(
    stage: str,
    process_environment: dict[str, str],  # before the first request, which would find no broker
    org: Org,
    media_root: Path,
    smtp_server: SmtpServer,
    tmp_path: Path,
) -> None:
    image = create_image(org, "Large")
    with (media_root / image.file).open("r+b") as file:
        file.truncate(LARGE)
    Image.objects.update(size=LARGE, sha256="")  # unknown, so the worker computes it
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    worker = Worker(log=tmp_path / "worker.log", environment={**process_environment, "TMPDIR": str(scratch)})
    worker.start()
    try:
        job_id = start_export(org)["id"]
        assert wait_until(lambda: _is("running"), seconds=90)
        if stage == "while it stores":
            assert wait_until(lambda: stored_files(media_root) != [], seconds=90)
        worker.kill()
        assert _is("running")
        assert len(stored_files(media_root)) == (1 if stage == "while it stores" else 0)
        # Instead of waiting for a minute.
        ExportJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        worker.start()
        assert wait_until(lambda: _is("ready"), seconds=90)
        assert wait_until(
            lambda: "The export of Acme is ready" in [str(mail["Subject"]) for mail in smtp_server.messages]
        )
    finally:
        worker.kill()
    job: Any = ExportJob.objects.get()
    assert (str(job.pk), job.attempts) == (job_id, 2)
    assert stored_files(media_root) == [Path(job.file).name]
    assert [path for path in scratch.rglob("*") if path.is_file()] == []
    assert Unpacked(media_root / job.file).verify(job.sha256).returncode == 0
