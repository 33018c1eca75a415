"""Tasks whose effect cannot be taken back, such as a mail, are done once, however often their message is delivered.

A broker may deliver a message again, and a process may die between publishing one and deleting it from the outbox. So
who does such a task leaves a receipt under the message's id. One that dies meanwhile is followed by another worker when
its lease is over: then, and only then, the effect can come twice, because nobody knows whether it came once.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from celery import Task
from celery.utils.time import get_exponential_backoff_interval
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from ninja_orgkit.models import TaskReceipt

_LEASE = timedelta(minutes=5)
_KEPT = timedelta(days=3)


AWAY = (OperationalError, InterfaceError)
"""What Django raises while the database cannot be reached."""


class OnceTask(Task):  # type: ignore[misc]  # Celery has no types
    """A task that is done once for each message, as ``@shared_task(base=OnceTask)``; it needs ``retry_backoff``."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task, unless it is done; come back later while another worker is at it."""
        message: str | None = self.request.id
        if message is None:  # called as a function
            return super().__call__(*args, **kwargs)
        try:
            if not _begin(message):
                return self._follow(message)
        except AWAY as exc:
            pause = get_exponential_backoff_interval(self.retry_backoff, self.request.retries, self.retry_backoff_max)
            raise self.retry(exc=exc, countdown=pause) from exc
        try:
            result = super().__call__(*args, **kwargs)
        except BaseException:
            with suppress(*AWAY):  # then the lease runs out
                _receipts(message).update(lease_until=timezone.now())
            raise
        _receipts(message).update(done=True)
        return result

    def _follow(self, message: str) -> None:
        """Come back when the lease of the other worker is over, unless it is done."""
        until = _receipts(message).filter(done=False).values_list("lease_until", flat=True).first()
        if until is not None:
            raise self.retry(countdown=max(1.0, (until - timezone.now()).total_seconds()))


def purge() -> int:
    """Delete the receipts of messages that will not be delivered any more, and return how many there were."""
    return TaskReceipt.objects.filter(lease_until__lt=timezone.now() - _KEPT).delete()[0]


def _begin(message: str) -> bool:
    """Take a message for one lease; tell whether nobody else has it, or is done with it."""
    now = timezone.now()
    try:
        with transaction.atomic():
            TaskReceipt(id=message, lease_until=now + _LEASE).save(force_insert=True)
    except IntegrityError:
        stale = _receipts(message).filter(done=False, lease_until__lte=now)
        return stale.update(lease_until=now + _LEASE) == 1
    return True


def _receipts(message: str) -> QuerySet[TaskReceipt]:
    return TaskReceipt.objects.filter(pk=message)
