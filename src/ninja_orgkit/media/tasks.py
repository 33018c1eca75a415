"""Housekeeping of the storage."""

from __future__ import annotations

from celery import shared_task

from ninja_orgkit.logs import get_logger
from ninja_orgkit.media import orphans

logger = get_logger("ninja_orgkit")


@shared_task(name="orgkit.files.check", ignore_result=True)
def check_files() -> None:
    """Warn about files without a row and rows without a file. ``orgkit_files`` lists them."""
    found = orphans.find()
    if found.forgotten or found.missing:
        logger.warning(
            "%s files have no row, and %s files of rows are missing. Run orgkit_files.",
            len(found.forgotten),
            len(found.missing),
        )
