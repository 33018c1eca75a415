"""Tasks of the kernel."""

from __future__ import annotations

from celery import shared_task
from celery.signals import worker_ready
from django.core.files.storage import storages

from ninja_orgkit.background import outbox, receipts
from ninja_orgkit.conf import settings

DRAIN = "orgkit.outbox.drain"
DELETE_FILES = "orgkit.files.delete"


@shared_task(name=DRAIN, ignore_result=True)
def drain_outbox() -> None:
    """Publish the messages that did not reach the broker when they were written."""
    outbox.drain()


@shared_task(name="orgkit.outbox.purge", ignore_result=True)
def purge_receipts() -> None:
    """Delete the receipts of messages that will not be delivered again."""
    receipts.purge()


# Each storage raises errors of its own. The retries span about a day.
_RETRY_FOR_A_DAY = {"autoretry_for": (Exception,), "retry_backoff": 10, "retry_backoff_max": 7200, "max_retries": 20}


@shared_task(name=DELETE_FILES, ignore_result=True, acks_late=True, **_RETRY_FOR_A_DAY)
def delete_files(names: list[str]) -> None:
    """Delete stored files. A file that is already gone is not an error."""
    storage = storages[settings.STORAGE]
    for name in names:
        storage.delete(name)


@worker_ready.connect
def _on_worker_ready(**_kwargs: object) -> None:
    """Publish the messages that could not reach the broker before this worker started."""
    outbox.drain()
