"""Find exports."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from ninja_orgkit.errors import NotFound
from ninja_orgkit.exports.errors import ExportExpired
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.roles import roles_with

PERMISSION = "export.create"

_COLUMNS = (
    "id",
    "status",
    "done",
    "total",
    "size",
    "sha256",
    "error",
    "created_at",
    "started_at",
    "finished_at",
    "expires_at",
    "requested_by__slug",
)


def exports_of(organization: Organization) -> QuerySet[ExportJob, dict[str, Any]]:
    """Return the exports of an organization as rows."""
    rows: QuerySet[ExportJob, dict[str, Any]] = ExportJob.objects.filter(organization=organization).values(*_COLUMNS)
    return rows


def get_export(organization: Organization, job_id: str) -> dict[str, Any]:
    """Return one export of an organization as a row. Raises NotFound."""
    row = exports_of(organization).filter(pk=job_id).first()
    if row is None:
        raise NotFound
    return row


def may_export(account_slug: str, organization: Organization, *, key_id: str | None = None) -> bool:
    """Tell whether an account is active and may export an organization now; by an API key, if one is named."""
    admins = Membership.objects.filter(
        organization=organization, organization__deleted_at=None, role__in=roles_with(PERMISSION)
    )
    # Ask the user object: not every user model has a column for this.
    found = admins.select_related("account__user").filter(account__slug=account_slug).first()
    if found is None or not found.account.user.is_active:
        return False
    if key_id is not None:
        keys: Any = getattr(found, "api_keys", None)  # the app of API keys may be left out
        key = keys and keys.filter(pk=key_id).first()
        if key is None or key.has_expired:
            return False
        found.account.acting_key = key
    return PERMISSION in found.permissions


def downloadable(job_id: str, account_slug: str, key_id: str | None = None) -> ExportJob:
    """Return a finished export for the account that its link was given to, or for its API key.

    Raises NotFound if the export was discarded or is not ready, or if the account may no longer export the
    organization. Raises ExportExpired if the archive has expired.
    """
    job = ExportJob.objects.select_related("organization").filter(pk=job_id).first()
    if job is None or not may_export(account_slug, job.organization, key_id=key_id):
        raise NotFound
    if job.status == ExportJob.Status.EXPIRED or _is_past(job):
        raise ExportExpired
    if job.status != ExportJob.Status.READY:
        raise NotFound
    return job


def _is_past(job: ExportJob) -> bool:
    return job.status == ExportJob.Status.READY and job.expires_at is not None and job.expires_at <= timezone.now()
