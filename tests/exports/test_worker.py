"""An export survives the death of a real worker."""

from __future__ import annotations

import os
from contextlib import suppress
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

# Storing an archive of this size takes long enough to be noticed.
LARGE = 600 * 2**20


class HeldFile:
    """A stored file whose reader waits in the middle of it, until it is released."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._whole = path.rename(path.with_suffix(".whole"))
        self._pipe = -1
        os.mkfifo(path)

    def is_being_read(self) -> bool:
        """Give whoever reads it the beginning, and tell whether there is somebody."""
        with suppress(OSError):  # nobody has opened it yet
            self._pipe = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
            os.write(self._pipe, self._whole.read_bytes()[:100])
        return self._pipe >= 0

    def release(self) -> None:
        """Let the next reader find the whole file."""
        os.close(self._pipe)
        self._whole.replace(self._path)


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
    stored = media_root / create_image(org, "Large").file
    if stage == "while it stores":
        os.truncate(stored, LARGE)
    Image.objects.update(size=stored.stat().st_size, sha256="")  # unknown, so the worker computes it
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    worker = Worker(log=tmp_path / "worker.log", environment={**process_environment, "TMPDIR": str(scratch)})
    worker.start()
    try:
        held = HeldFile(stored) if stage == "while it reads" else None
        job_id = start_export(org)["id"]
        assert wait_until(
            held.is_being_read if held else lambda: stored_files(media_root) != [], seconds=90, pause=0.01
        )
        worker.kill()
        if held:
            held.release()
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
