"""Housekeeping of the audit trail."""

from __future__ import annotations

from celery import shared_task

from ninja_orgkit.audit import purging


@shared_task(name="orgkit.audit.purge", ignore_result=True)
def purge_events() -> None:
    """Delete events that are older than ``AUDIT_LIFETIME``."""
    purging.purge_events()
