"""Exports in Django's admin."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext

from ninja_orgkit.audit.actions import EXPORT_DELETED
from ninja_orgkit.audit.staff import AnnouncedAdmin
from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.files.admin import file_link
from ninja_orgkit.media.links import named_file


@admin.register(ExportJob)
class ExportJobAdmin(AnnouncedAdmin):
    """Exports. Deleting one deletes its archive."""

    deleted = EXPORT_DELETED
    list_display = (
        "id",
        "organization",
        "requested_by",
        "status",
        "progress",
        "download",
        "size",
        "attempts",
        "created_at",
        "expires_at",
    )
    list_filter = ("status", "created_at")
    list_select_related = ("organization__personal_of", "requested_by")
    fields = (
        "id", "organization", "requested_by", "status", "progress", "download", "size", "sha256", "error", "attempts",
        "created_at", "started_at", "finished_at", "expires_at",
    )  # fmt: skip
    search_fields = ("organization__slug", "organization__name", "requested_by__email")

    @admin.display(description="progress")
    def progress(self, job: ExportJob) -> str:
        """Show how much of the archive is written."""
        if not job.total:
            return "–"
        numbers = {"done": job.done, "total": job.total, "percent": 100 * job.done // job.total}
        return gettext("%(done)s of %(total)s (%(percent)s %%)") % numbers

    @admin.display(description="archive")
    def download(self, job: ExportJob) -> str:
        """Link to the archive while it can be downloaded."""
        is_there = job.status == ExportJob.Status.READY and job.expires_at and job.expires_at > timezone.now()
        return file_link(named_file(job.file, f"{job.organization.slug}.zip") if is_there else "", gettext("Download"))

    def has_add_permission(self, request: object) -> bool:
        """Allow nobody to add an export here: the API starts exports."""
        return False

    def has_change_permission(self, request: object, obj: ExportJob | None = None) -> bool:
        """Allow nobody to change an export."""
        return False
