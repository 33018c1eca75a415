"""Tasks of the kernel."""

from __future__ import annotations

from celery import Task, shared_task
from celery.signals import worker_ready
from celery.utils.time import get_exponential_backoff_interval
from django.core.files.storage import storages

from ninja_orgkit.background import outbox, receipts
from ninja_orgkit.background.batches import try_each
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


@shared_task(name=DELETE_FILES, bind=True, ignore_result=True, acks_late=True, max_retries=20)
def delete_files(self: Task, names: list[str]) -> None:
    """Delete stored files. A file that is already gone is not an error.

    A file that cannot be deleted does not keep the others. Only such files are tried again, for about a day.
    """
    left = try_each(names, storages[settings.STORAGE].delete)
    if left:
        pause = get_exponential_backoff_interval(10, self.request.retries, 7200)
        raise self.retry(kwargs={"names": left}, countdown=pause)


@worker_ready.connect
def _on_worker_ready(**_kwargs: object) -> None:
    """Publish the messages that could not reach the broker before this worker started."""
    outbox.drain()
