"""Start, cancel, discard and expire exports, and restart those whose worker died."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.utils import timezone

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.accounts.services.accounts import as_account
from ninja_orgkit.audit.actions import EXPORT_CANCELLED, EXPORT_DELETED, EXPORT_EXPIRED, EXPORT_REQUESTED
from ninja_orgkit.audit.announcing import announce
from ninja_orgkit.background.batches import try_each
from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.background.tasks import DELETE_FILES
from ninja_orgkit.conf import settings
from ninja_orgkit.custom.hooks import run_hook
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.constraints import constraint_errors
from ninja_orgkit.errors import NotFound
from ninja_orgkit.exports.errors import ExportActive
from ninja_orgkit.exports.jobs import leases
from ninja_orgkit.exports.models import ACTIVE, ExportJob
from ninja_orgkit.exports.selectors import PERMISSION
from ninja_orgkit.organizations.models import Organization
from ninja_orgkit.organizations.selectors.memberships import require_member

RUN = "orgkit.exports.run"

_BATCH = 100


def request_export(organization: Organization, *, by: Any, admit: Callable[[], None] | None = None) -> ExportJob:
    """Return the active export of an organization, or queue a new one.

    ``by`` is a user or an account, who needs ``export.create`` and gets the mail with the link. With None, the host
    itself, nobody gets a mail. Two calls at the same time get the same job. ``admit`` is called for a new one, and may
    raise to refuse it.

    Raises NotFound if ``by`` is not a member or the organization has been closed, Forbidden, what the hook
    ``before_export`` raises for a new one, and ExportActive when jobs come and go too fast to catch one.
    """
    account = None if by is None else as_account(by)
    require_member(organization, account, needs=PERMISSION)
    for _ in range(3):
        job = ExportJob.objects.filter(active_key=str(organization.pk)).first()
        if job is not None:
            return job
        try:
            return _queue(organization, account, admit)
        except ExportActive:
            continue
    raise ExportActive


@atomic()
def _queue(organization: Organization, account: Account | None, admit: Callable[[], None] | None) -> ExportJob:
    job = ExportJob(organization=organization, requested_by=account, lease_until=timezone.now() + settings.EXPORT_LEASE)
    run_hook("before_export", organization=organization, by=account)
    with constraint_errors(ExportJob, orgkit_export_active=ExportActive):
        job.save(force_insert=True)
    if admit is not None:
        admit()
    enqueue(RUN, job=str(job.pk))
    announce(EXPORT_REQUESTED, job, by=account)
    return job


@atomic()
def delete_export(organization: Organization, job_id: str) -> None:
    """Cancel an active export, which stays in the list, or delete any other with its archive. Raises NotFound."""
    job = ExportJob.objects.select_for_update().filter(organization=organization, pk=job_id).first()
    if job is None:
        raise NotFound
    if job.status in ACTIVE:
        job.status = ExportJob.Status.CANCELLED
        job.finished_at = timezone.now()
        job.save(update_fields=["status", "finished_at"])
        announce(EXPORT_CANCELLED, job, organization=organization)
    else:
        announce(EXPORT_DELETED, job, organization=organization)
        job.delete()


@atomic()
def purge_exports(organization: int) -> bool:
    """Delete one batch of the jobs and archives of a closed organization. Tell whether there may be more."""
    keys = list(ExportJob.objects.filter(organization=organization).values_list("pk", flat=True)[:_BATCH])
    ExportJob.objects.filter(pk__in=keys).delete()
    return len(keys) == _BATCH


def expire_exports() -> int:
    """Delete expired archives and return their number."""
    past = ExportJob.objects.filter(status=ExportJob.Status.READY, expires_at__lte=timezone.now())
    keys = list(past.values_list("pk", flat=True))
    return len(keys) - len(try_each(keys, _expire))


@atomic()
def _expire(pk: UUID) -> None:
    job = ExportJob.objects.select_for_update().filter(pk=pk, status=ExportJob.Status.READY).first()
    if job is None:
        return
    enqueue(DELETE_FILES, names=[job.file])
    job.status, job.file = ExportJob.Status.EXPIRED, ""
    job.save(update_fields=["status", "file"])
    announce(EXPORT_EXPIRED, job)


def revive_exports() -> None:
    """Restart jobs whose message was lost or whose worker died, and delete half-written files of ended jobs."""
    now = timezone.now()
    silent = ExportJob.objects.filter(lease_until__lte=now)
    try_each(silent.filter(status__in=ACTIVE)[:_BATCH], _restart)
    ended = (ExportJob.Status.CANCELLED, ExportJob.Status.FAILED)
    try_each(silent.filter(status__in=ended).exclude(file="")[:_BATCH], _sweep)


@atomic()
def _restart(job: ExportJob) -> None:
    """Send the message of a job again, unless another process has just done so. Its last attempt fails it."""
    if job.status == ExportJob.Status.RUNNING and job.attempts >= settings.EXPORT_MAX_ATTEMPTS:
        leases.fail(job)
        return
    held = ExportJob.objects.filter(pk=job.pk, lease_until=job.lease_until, status=job.status)
    # The worker that had the job has been silent for too long. From here on its writes have no effect.
    if held.update(status=ExportJob.Status.QUEUED, lease=None, lease_until=timezone.now() + settings.EXPORT_LEASE):
        enqueue(RUN, job=str(job.pk))


@atomic()
def _sweep(job: ExportJob) -> None:
    if ExportJob.objects.filter(pk=job.pk, file=job.file).update(file=""):
        enqueue(DELETE_FILES, names=[job.file])
