"""Running one export job from claim to the stored archive."""

from __future__ import annotations

import logging
import tempfile
from contextlib import closing, suppress
from typing import IO
from uuid import uuid4

from django.core.files.base import File
from django.db import InterfaceError, OperationalError

from ninja_orgkit.exports.archive.progress import Progress, Stopped
from ninja_orgkit.exports.archive.writing import write_archive
from ninja_orgkit.exports.archive.zipping import Sink
from ninja_orgkit.exports.jobs import leases
from ninja_orgkit.exports.jobs.leases import Heartbeat
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.media import storage
from ninja_orgkit.media.errors import StorageUnavailable

logger = logging.getLogger("ninja_orgkit.exports")


def run(job_id: str) -> None:
    """Build the archive of a job, unless another worker does or there is nothing to do. Safe to run twice.

    A storage or database that is away puts the job back for a later attempt; anything else unexpected fails it.
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
        # An earlier attempt died while it stored this.
        storage.delete(job.file)
        leases.record(job, file="")
    # The file has no name, so it is gone with the process, however that ends.
    with tempfile.TemporaryFile() as out, closing(Sink(out)) as sink:
        write_archive(job.organization, sink, progress)
        _store(job, out, sink, progress)


def _store(job: ExportJob, out: IO[bytes], sink: Sink, progress: Progress) -> None:
    """Store a finished archive under a name that is recorded first, and make the job ready."""
    out.seek(0)
    name = f"exports/{uuid4()}.zip"
    leases.record(job, file=name)
    try:
        with storage.storage_errors():
            name = storage.private().save(name, File(out))
        if name != job.file:
            leases.record(job, file=name)
        leases.finish(job, size=sink.size, sha256=sink.sha256, units=progress.done)
    except BaseException:
        with suppress(StorageUnavailable):
            storage.delete(name)
        raise
