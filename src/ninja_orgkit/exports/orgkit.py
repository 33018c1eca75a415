"""Register export jobs, which are purged with their organization but not exported."""

from __future__ import annotations

from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.exports.services import purge_exports
from ninja_orgkit.media.orphans import names_from
from ninja_orgkit.registry import register

register(ExportJob, name="exports/job", lookup="id", organization="organization", purge=purge_exports)
names_from("exports", ExportJob.objects.exclude(file="").values_list("file", flat=True).iterator)
