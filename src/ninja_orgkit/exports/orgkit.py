"""Register export jobs, which are purged with their organization but not exported."""

from __future__ import annotations

from ninja_orgkit.exports.models import ExportJob
from ninja_orgkit.exports.services import purge_exports
from ninja_orgkit.registry import register

register(ExportJob, name="exports/job", lookup="id", organization="organization", purge=purge_exports)
