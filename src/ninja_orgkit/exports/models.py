"""Export jobs: who asked for an export, how far it is, and where its archive is."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from ninja_orgkit.accounts.models import Account
from ninja_orgkit.database.derived import DerivedColumns
from ninja_orgkit.organizations.models import Organization


class ExportJob(DerivedColumns):
    """An export of an organization.

    ``active_key`` is unique and set while the job is queued or running, so an organization has at most one active job.
    ``lease`` names the run of a worker that has the job, until ``lease_until``. For a queued job, ``lease_until`` is
    when its message counts as lost. ``done`` and ``total`` count rows and files; ``total`` is 0 until all rows are
    read. ``file`` is the stored name of the archive. It is written before the file, so that a half-written file can be
    found and deleted.
    """

    class Status(models.TextChoices):
        """The state of the job. A ready job that is past its time is shown as ``expired``."""

        QUEUED = "queued"
        RUNNING = "running"
        READY = "ready"
        FAILED = "failed"
        EXPIRED = "expired"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="exports")
    requested_by = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, related_name="+")
    status = models.CharField(max_length=9, choices=Status, default=Status.QUEUED)
    active_key = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    size = models.PositiveBigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    file = models.CharField(max_length=255, blank=True, editable=False)
    error = models.CharField(max_length=255, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(null=True)

    DERIVED = ("active_key",)
    DERIVED_FROM = ("status", "organization")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["active_key"], name="orgkit_export_active"),)
        indexes = (
            models.Index(fields=["organization", "created_at", "id"], name="orgkit_exports_by_time"),
            models.Index(fields=["status", "lease_until"], name="orgkit_exports_by_lease"),
        )

    def __str__(self) -> str:
        """Return the public id."""
        return str(self.id)

    def derive(self) -> None:
        """Set the unique key of the organization while the job is active."""
        self.active_key = str(self.organization_id) if self.status in ACTIVE else None


ACTIVE = (ExportJob.Status.QUEUED, ExportJob.Status.RUNNING)
