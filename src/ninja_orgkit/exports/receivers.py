"""Delete archives together with their jobs."""

from __future__ import annotations

from typing import Any

from ninja_orgkit.background.outbox import enqueue
from ninja_orgkit.background.tasks import DELETE_FILES
from ninja_orgkit.exports.models import ExportJob


def delete_archive(sender: type[ExportJob], instance: ExportJob, **_kwargs: Any) -> None:
    """Delete the archive of a deleted job after the commit, however the job was deleted."""
    if instance.file:
        enqueue(DELETE_FILES, names=[instance.file])
