"""Give a job to one worker at a time.

Each step of a worker is a conditional update, so a worker that lost its lease changes nothing.
"""

from __future__ import annotations

import threading
import uuid
from typing import Any

from django.db import DatabaseError
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_noop

from ninja_orgkit.audit.actions import EXPORT_FAILED, EXPORT_READY
from ninja_orgkit.audit.announcing import announce
from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import atomic, kit_connection
from ninja_orgkit.exports.archive.progress import Progress, Stopped
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.logs import get_logger

NOTIFY = "orgkit.exports.notify"
FAULT = gettext_noop("Something went wrong on our side. Please start a new export.")

logger = get_logger("ninja_orgkit.exports")

_BEAT = 1.0


def claim(job_id: str) -> ExportJob | None:
    """Take a job that is queued or whose worker has been silent for too long, or return None."""
    now = timezone.now()
    free = Q(status=ExportJob.Status.QUEUED) | Q(status=ExportJob.Status.RUNNING, lease_until__lte=now)
    lease = uuid.uuid4()
    taken = ExportJob.objects.filter(free, pk=job_id, attempts__lt=settings.EXPORT_MAX_ATTEMPTS).update(
        status=ExportJob.Status.RUNNING,
        attempts=F("attempts") + 1,
        lease=lease,
        lease_until=now + settings.EXPORT_LEASE,
        started_at=Coalesce(F("started_at"), now),
        done=0,
        total=0,
    )
    if taken:
        return ExportJob.objects.select_related("organization", "requested_by").get(pk=job_id)
    exhausted = ExportJob.objects.filter(free, pk=job_id, attempts__gte=settings.EXPORT_MAX_ATTEMPTS).first()
    if exhausted is not None:
        fail(exhausted)
    return None


def record(job: ExportJob, **values: Any) -> None:
    """Write values of a job. Raises Stopped if this worker no longer has the lease."""
    held = ExportJob.objects.filter(pk=job.pk, lease=job.lease, status=ExportJob.Status.RUNNING)
    if not held.update(**values):
        raise Stopped
    for name, value in values.items():
        setattr(job, name, value)


@atomic()
def finish(job: ExportJob, *, size: int, sha256: str, units: int) -> None:
    """Mark a job as ready after its archive is stored, and notify the requester. Raises Stopped."""
    now = timezone.now()
    record(
        job,
        status=ExportJob.Status.READY,
        active_key=None,
        size=size,
        sha256=sha256,
        done=units,
        total=units,
        finished_at=now,
        expires_at=now + settings.EXPORT_LIFETIME,
    )
    enqueue(NOTIFY, job=str(job.pk))
    announce(EXPORT_READY, job, asked_by=job.requested_by)


@atomic()
def fail(job: ExportJob, *, error: str = FAULT) -> None:
    """Mark a job as failed and notify the requester, unless another process has changed the job."""
    held = ExportJob.objects.filter(pk=job.pk, lease=job.lease, status=job.status)
    if held.update(status=ExportJob.Status.FAILED, active_key=None, error=error, finished_at=timezone.now()):
        enqueue(NOTIFY, job=str(job.pk))
        announce(EXPORT_FAILED, job)


@atomic()
def put_back(job: ExportJob) -> None:
    """Put a job back for another attempt after one lease, or fail it after the last attempt."""
    if job.attempts >= settings.EXPORT_MAX_ATTEMPTS:
        fail(job)
        return
    held = ExportJob.objects.filter(pk=job.pk, lease=job.lease, status=ExportJob.Status.RUNNING)
    held.update(status=ExportJob.Status.QUEUED, lease=None, lease_until=timezone.now() + settings.EXPORT_LEASE)


class Heartbeat:
    """Keeps a lease and records progress while a block runs, in a thread with its own database connection.

    The connection of the builder is inside the transaction of the snapshot. If the caller has a transaction, nobody
    else sees the job, so there is no heartbeat.
    """

    def __init__(self, job: ExportJob, progress: Progress) -> None:
        self.job = job
        self.progress = progress
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"export-{job.pk}", daemon=True)
        self._beats = not kit_connection().in_atomic_block

    def __enter__(self) -> None:
        """Start to beat."""
        if self._beats:
            self._thread.start()

    def __exit__(self, *exc_info: object) -> None:
        """Stop beating."""
        self._over.set()
        if self._beats:
            self._thread.join()

    def _run(self) -> None:
        pause = min(_BEAT, settings.EXPORT_LEASE.total_seconds() / 4)
        try:
            while not self._over.wait(pause):
                try:
                    self.beat()
                except Stopped:
                    self.progress.stopped.set()
                    return
                except DatabaseError:
                    # The lease lasts for several beats. If the database stays down, another worker takes over.
                    logger.warning("The heartbeat of export %s failed.", self.job.pk, exc_info=True)
                    kit_connection().close()
        finally:
            kit_connection().close()

    def beat(self) -> None:
        """Extend the lease and record the progress. Raises Stopped."""
        held = ExportJob.objects.filter(pk=self.job.pk, lease=self.job.lease, status=ExportJob.Status.RUNNING)
        until = timezone.now() + settings.EXPORT_LEASE
        if not held.update(lease_until=until, done=self.progress.done, total=self.progress.total):
            raise Stopped
