"""Run one export job, from the claim to the stored archive."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from typing import IO

from django.core.files.base import File
from django.db import InterfaceError, OperationalError

from ninja_orgkit.exports.archive.progress import Progress, Stopped
from ninja_orgkit.exports.archive.writing import write_archive
from ninja_orgkit.exports.jobs import leases
from ninja_orgkit.exports.jobs.leases import Heartbeat
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.logs import get_logger
from ninja_orgkit.media import storage
from ninja_orgkit.media.errors import StorageUnavailable

logger = get_logger("ninja_orgkit.exports")


def run(job_id: str) -> None:
    """Build the archive of a job, unless another worker does so or there is nothing to do. Safe to run twice.

    If the storage or the database is down, the job is put back for a later attempt. Any other error fails it.
    """
    job = leases.claim(job_id)
    if job is None:
        return
    progress = Progress()
    try:
        with Heartbeat(job, progress):
            _build(job, progress)
    except Stopped:
        logger.info("Export %s was stopped.", job.pk)
    except (StorageUnavailable, OperationalError, InterfaceError):
        logger.warning("Export %s has to wait.", job.pk, exc_info=True)
        leases.put_back(job)
    except Exception:
        logger.exception("Export %s failed.", job.pk)
        leases.fail(job)


def _build(job: ExportJob, progress: Progress) -> None:
    if job.file:
        # An earlier attempt died while it stored this file.
        storage.delete(job.file)
        leases.record(job, file="")
    # The file has no name, so it disappears with the process, however that ends.
    with tempfile.TemporaryFile() as out:
        size, sha256 = write_archive(job.organization, out, progress)
        _store(job, out, size=size, sha256=sha256, units=progress.done)


def _store(job: ExportJob, out: IO[bytes], *, size: int, sha256: str, units: int) -> None:
    """Record the name of a finished archive, store the archive, and make the job ready."""
    out.seek(0)
    name = storage.new_name("exports", "zip")
    leases.record(job, file=name)
    name = storage.store(name, File(out))
    try:
        if name != job.file:
            leases.record(job, file=name)
        leases.finish(job, size=size, sha256=sha256, units=units)
    except BaseException:
        with suppress(StorageUnavailable):
            storage.delete(name)
        raise
