"""Tasks of the kernel."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.exceptions import WorkerLostError
from celery.signals import task_failure, task_prerun, task_retry, task_success, worker_ready
from django.core.files.storage import storages
from django.utils import timezone

from ninja_orgkit.background import outbox, receipts
from ninja_orgkit.background.batches import try_each
from ninja_orgkit.background.retries import RetriedTask
from ninja_orgkit.conf import settings

DRAIN = "orgkit.outbox.drain"
DELETE_FILES = "orgkit.files.delete"

_RUNNING = 600  # seconds


@shared_task(name=DRAIN, ignore_result=True)
def drain_outbox() -> None:
    """Publish the messages that are due."""
    outbox.drain()


@shared_task(name="orgkit.outbox.purge", ignore_result=True)
def purge_receipts() -> None:
    """Delete the receipts of messages that will not be delivered again."""
    receipts.purge()


class FilesLeft(Exception):
    """Some files could not be deleted."""


@shared_task(
    name=DELETE_FILES,
    base=RetriedTask,
    bind=True,
    ignore_result=True,
    acks_late=True,
    first_pause=10,
    longest_pause=7200,
    max_retries=20,
)
def delete_files(self: RetriedTask, names: list[str]) -> None:
    """Delete stored files. A file that is already gone is not an error.

    A file that cannot be deleted does not keep the others. Only such files are tried again, for about a day.
    """
    left = try_each(names, storages[settings.STORAGE].delete)
    if left:
        raise self.later(FilesLeft(f"{len(left)} files are left"), {"names": left})


@task_prerun.connect
def _on_begin(task: Any, task_id: str, **_kwargs: object) -> None:
    """Publish a message again only if its task takes very long."""
    if outbox.is_from_outbox(task.request):
        outbox.extend(task_id, seconds=_RUNNING)


@task_retry.connect
def _on_retry(sender: Any, request: Any, reason: Any, **_kwargs: object) -> None:
    """Publish a message again only after the retry that a task of the host has asked Celery for."""
    if outbox.is_from_outbox(request) and not isinstance(sender, RetriedTask):
        when = reason.when  # seconds, or a time
        outbox.extend(
            request.id, seconds=when if isinstance(when, int | float) else (when - timezone.now()).total_seconds()
        )


@task_success.connect
def _on_success(sender: Any, **_kwargs: object) -> None:
    """Forget the message of a task that is done."""
    if outbox.is_from_outbox(sender.request):
        outbox.finish(sender.request.id)


@task_failure.connect
def _on_failure(sender: Any, task_id: str, exception: Any, **_kwargs: object) -> None:
    """Forget the message of a task that failed for good. Another worker repeats one whose worker died."""
    if outbox.is_from_outbox(sender.request) and not isinstance(exception, WorkerLostError):
        outbox.finish(task_id)


@worker_ready.connect
def _on_worker_ready(**_kwargs: object) -> None:
    """Publish the messages that are due when this worker starts."""
    outbox.drain()
