"""Build exports, expire them and mail their links.

A link is made here, in the worker. It is in no message, result or table.
"""

from __future__ import annotations

from celery import shared_task
from celery.signals import worker_ready

from ninja_orgkit.background.mail import MAIL_TASK, send_mail
from ninja_orgkit.background.names import printable_name
from ninja_orgkit.conf import settings
from ninja_orgkit.exports import selectors, services
from ninja_orgkit.exports.jobs import builds, leases
from ninja_orgkit.exports.links import DOWNLOAD_PATH, download_link
from ninja_orgkit.exports.models import ExportJob


@shared_task(name=services.RUN, ignore_result=True, acks_late=True)
def run_export(job: str) -> None:
    """Build the archive of one export job."""
    builds.run(job)


@shared_task(name="orgkit.exports.revive", ignore_result=True)
def revive_exports() -> None:
    """Restart the exports that no worker is working on."""
    services.revive_exports()


@shared_task(name="orgkit.exports.expire", ignore_result=True)
def expire_exports() -> None:
    """Delete expired archives."""
    services.expire_exports()


@shared_task(name=leases.NOTIFY, **MAIL_TASK)
def notify_requester(job: str) -> None:
    """Mail the requester that the export is ready, with a personal link, or that it failed."""
    found = ExportJob.objects.select_related("organization", "requested_by").filter(pk=job).first()
    account = found.requested_by if found else None
    if found is None or account is None or not account.email:
        return
    if not selectors.may_export(account.slug, found.organization):
        return
    context = {
        "account": account,
        "job": found,
        "organization": found.organization,
        "organization_name": printable_name(found.organization.name),
    }
    language = account.preferred_language
    if found.status == ExportJob.Status.READY:
        link = download_link(f"{settings.API_URL}{DOWNLOAD_PATH}", job=str(found.pk), account=account.slug)
        send_mail("export_ready", account.email, language=language, link=link, **context)
    elif found.status == ExportJob.Status.FAILED:
        send_mail("export_failed", account.email, language=language, **context)


@worker_ready.connect
def _on_worker_ready(**_kwargs: object) -> None:
    """Restart unfinished exports when a worker starts."""
    services.revive_exports()
